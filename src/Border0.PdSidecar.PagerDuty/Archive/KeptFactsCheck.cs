using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;

namespace Border0.PdSidecar.PagerDuty.Archive;

/// <summary>
/// Whether facts that were read from a file are such as are made here. A file may be damaged and still be JSON; a part that is missing
/// would end every decision and every refresh that comes upon it.
/// </summary>
internal static class KeptFactsCheck
{
    /// <summary>Every part that must be there is, and no id is there twice.</summary>
    public static bool IsWhole(KeptFacts facts) =>
        AreAll(facts.Services, s => s.Id, s => s is { Name: not null, Status: not null })
        && AreAll(facts.Incidents, i => i.ServiceId, i => AreAll(i.Open, o => o.Id, o => o.Title is not null && AreUsers(o.Assignees) && AreUsers(o.Acknowledgers)))
        && AreAll(facts.EscalationPolicies, p => p.Id, p => p.Name is not null && !p.Shifts.IsDefault && p.Shifts.All(s => s is not null && IsUser(s.User)));

    private static bool AreAll<T>(ImmutableArray<T> items, Func<T, string?> id, Func<T, bool> isWhole)
        where T : class
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        return !items.IsDefault && items.All(i => i is not null && id(i) is { } own && ids.Add(own) && isWhole(i));
    }

    private static bool AreUsers(ImmutableArray<PagerDutyUser> users) => !users.IsDefault && users.All(IsUser);

    private static bool IsUser(PagerDutyUser? user) => user is { Id: not null, Name: not null, Email: not null };
}
