using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Rest.Wire;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>
/// Turns rows into facts. Every row is held against what was asked for; one of somebody else's is left out. A damaged row, one that
/// lacks what PagerDuty promises, says nothing, and leaves nothing to say about what it belongs to: who it would have named is not
/// known, and must not seem to be gone.
/// </summary>
internal static class FactsMapping
{
    /// <summary>One entry for each service asked about, empty when no row is its; none for a service with a damaged row.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="serviceIds">The services asked about.</param>
    /// <param name="asOf">When they were asked about.</param>
    /// <param name="requests">Requests it took.</param>
    public static Fetched<IncidentFacts> Incidents(
        IEnumerable<WireIncident?> rows, ImmutableArray<string> serviceIds, DateTimeOffset asOf, int requests)
    {
        // A row that shifts between pages comes twice; the later one is the newer.
        var byId = new Dictionary<string, (string ServiceId, OpenIncident Incident)>(StringComparer.Ordinal);
        var damage = new RowDamage("an incident");
        foreach (var row in rows)
        {
            if (row is not { Id.Length: > 0, Status.Length: > 0, Service.Id.Length: > 0 })
            {
                damage.Of(row?.Service?.Id);
            }
            else if (row.Status is "triggered" or "acknowledged")
            {
                byId[row.Id] = (row.Service.Id, Incident(row));
            }
        }

        var byService = byId.Values.ToLookup(i => i.ServiceId, i => i.Incident, StringComparer.Ordinal);
        return damage.Leave(
            serviceIds,
            requests,
            id => new IncidentFacts
            {
                ServiceId = id,
                Open = [.. byService[id].OrderBy(i => i.Id, StringComparer.Ordinal)],
                AsOf = asOf,
            });
    }

    /// <summary>One entry for each policy asked about, empty when no row is its; none for a policy with a damaged row.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="policyIds">The policies asked about.</param>
    /// <param name="names">Names known of policies, for those that no row names.</param>
    /// <param name="asOf">When they were asked about.</param>
    /// <param name="until">The end of the time that was asked for.</param>
    /// <param name="requests">Requests it took.</param>
    public static Fetched<EscalationPolicyFacts> OnCalls(
        IEnumerable<WireOnCall?> rows,
        ImmutableArray<string> policyIds,
        IReadOnlyDictionary<string, string> names,
        DateTimeOffset asOf,
        DateTimeOffset until,
        int requests)
    {
        var shifts = new List<(string PolicyId, OnCallShift Shift)>();
        var told = new Dictionary<string, string>(StringComparer.Ordinal);
        var damage = new RowDamage("an on-call entry");
        foreach (var row in rows)
        {
            if (row?.EscalationPolicy is not { Id: { Length: > 0 } policy } || Shift(row) is not { } shift)
            {
                damage.Of(row?.EscalationPolicy?.Id);
                continue;
            }

            if (row.EscalationPolicy.Summary is { Length: > 0 } name)
            {
                told.TryAdd(policy, name);
            }

            // A shift that ends when it begins covers no instant.
            if (!(shift.Start >= shift.End))
            {
                shifts.Add((policy, shift));
            }
        }

        var byPolicy = shifts.ToLookup(s => s.PolicyId, s => s.Shift, StringComparer.Ordinal);
        return damage.Leave(
            policyIds,
            requests,
            id => new EscalationPolicyFacts
            {
                Id = id,
                Name = told.GetValueOrDefault(id) ?? names.GetValueOrDefault(id, id),
                // PagerDuty promises no order; an order of our own keeps an unchanged answer unchanged.
                Shifts =
                [
                    .. byPolicy[id].Distinct()
                        .OrderBy(s => s.EscalationLevel).ThenBy(s => s.ScheduleId, StringComparer.Ordinal)
                        .ThenBy(s => s.Start ?? DateTimeOffset.MinValue).ThenBy(s => s.End ?? DateTimeOffset.MaxValue)
                        .ThenBy(s => s.User.Id, StringComparer.Ordinal),
                ],
                AsOf = asOf,
                KnownUntil = until,
            });
    }

    /// <summary>Null when there is no user.</summary>
    public static PagerDutyUser? User(WireUser? user) =>
        user?.Id is { Length: > 0 } id
            ? new PagerDutyUser(id, user.Name ?? user.Summary ?? "", user.Email?.Trim().ToLowerInvariant() ?? "")
            : null;

    /// <summary>Null when the row is damaged.</summary>
    private static OnCallShift? Shift(WireOnCall row)
    {
        // A schedule that is there but has no id is not "named directly"; a bound that is not understood is not "unbounded".
        if (User(row.User) is not { } user
            || row.EscalationLevel is not { } level
            || row.Schedule is { Id: null or "" }
            || !row.Start.Understood || !row.End.Understood)
        {
            return null;
        }

        return new OnCallShift(user, level, row.Schedule?.Id, row.Start.Value, row.End.Value);
    }

    private static OpenIncident Incident(WireIncident row) => new()
    {
        Id = row.Id!,
        Number = row.IncidentNumber ?? 0,
        Title = row.Title ?? "",
        Acknowledged = row.Status == "acknowledged",
        Assignees = Users(row.Assignments?.Select(a => a?.Assignee)),
        Acknowledgers = Users(row.Acknowledgements?.Select(a => a?.Acknowledger)),
    };

    private static ImmutableArray<PagerDutyUser> Users(IEnumerable<WireUser?>? users) =>
        users is null
            ? []
            : [.. users.Select(User).OfType<PagerDutyUser>().DistinctBy(u => u.Id).OrderBy(u => u.Id, StringComparer.Ordinal)];
}
