using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;

namespace Border0.PdSidecar.Fleet.Facts;

/// <summary>
/// Whether facts that were read from etcd are such as are made here: a part that is missing would end every decision that comes upon it.
/// </summary>
internal static class FactsValueCheck
{
    public static bool IsWhole(PublishedService value) =>
        (value.Service is null || value.Service is { Id.Length: > 0, Name: not null, Status: not null })
        && (value.Incidents is null
            || (value.Incidents is { ServiceId.Length: > 0, Open.IsDefault: false } && value.Incidents.Open.All(IsWhole)
                && value.Incidents.Open.DistinctBy(i => i.Id).Count() == value.Incidents.Open.Length))
        && (value.Service is null || value.Incidents is null || value.Service.Id == value.Incidents.ServiceId);

    public static bool IsWhole(EscalationPolicyFacts value) =>
        value is { Id.Length: > 0, Name: not null, Shifts.IsDefault: false } && value.Shifts.All(s => s is not null && IsUser(s.User));

    public static bool IsWhole(Confirmation value) =>
        value is { Groups: { IsDefault: false, Length: > 0 }, Status: not null }
        && value.Groups.All(g => g is { Ids.IsDefault: false } && g.Ids.All(id => id is not null));

    private static bool IsWhole(OpenIncident? incident) =>
        incident is { Id: not null, Title: not null } && AreUsers(incident.Assignees) && AreUsers(incident.Acknowledgers);

    private static bool AreUsers(ImmutableArray<PagerDutyUser> users) => !users.IsDefault && users.All(IsUser);

    private static bool IsUser(PagerDutyUser? user) => user is { Id: not null, Name: not null, Email: not null };
}
