using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Rest.Wire;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>Turns rows into facts. Every row is held against what was asked for; one that does not fit is left out.</summary>
internal static class FactsMapping
{
    /// <summary>One entry for each service asked about, empty when no row is its.</summary>
    public static ImmutableArray<IncidentFacts> Incidents(
        IEnumerable<WireIncident> rows, ImmutableArray<string> serviceIds, DateTimeOffset asOf)
    {
        // A row that shifts between pages comes twice; the later one is the newer.
        var byId = new Dictionary<string, (string ServiceId, OpenIncident Incident)>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            if (row is { Id.Length: > 0, Service.Id: { } service, Status: "triggered" or "acknowledged" })
            {
                byId[row.Id] = (service, Incident(row));
            }
        }

        var byService = byId.Values.ToLookup(i => i.ServiceId, i => i.Incident, StringComparer.Ordinal);
        return
        [
            .. serviceIds.Select(id => new IncidentFacts
            {
                ServiceId = id,
                Open = [.. byService[id].OrderBy(i => i.Id, StringComparer.Ordinal)],
                AsOf = asOf,
            }),
        ];
    }

    /// <summary>One entry for each policy asked about, empty when no row is its.</summary>
    public static ImmutableArray<EscalationPolicyFacts> OnCalls(
        IEnumerable<WireOnCall> rows,
        ImmutableArray<string> policyIds,
        IReadOnlyDictionary<string, string> names,
        DateTimeOffset asOf,
        DateTimeOffset until)
    {
        var byPolicy = rows.Where(r => r.EscalationPolicy?.Id is not null)
            .ToLookup(r => r.EscalationPolicy!.Id!, StringComparer.Ordinal);
        return
        [
            .. policyIds.Select(id => new EscalationPolicyFacts
            {
                Id = id,
                Name = byPolicy[id].Select(r => r.EscalationPolicy!.Summary).FirstOrDefault(s => s is { Length: > 0 })
                    ?? names.GetValueOrDefault(id, id),
                // PagerDuty promises no order; an order of our own keeps an unchanged answer unchanged.
                Shifts =
                [
                    .. byPolicy[id].Select(Shift).OfType<OnCallShift>().Distinct()
                        .OrderBy(s => s.EscalationLevel).ThenBy(s => s.ScheduleId, StringComparer.Ordinal)
                        .ThenBy(s => s.Start ?? DateTimeOffset.MinValue).ThenBy(s => s.End ?? DateTimeOffset.MaxValue)
                        .ThenBy(s => s.User.Id, StringComparer.Ordinal),
                ],
                AsOf = asOf,
                KnownUntil = until,
            }),
        ];
    }

    /// <summary>Null when the row has no user.</summary>
    public static PagerDutyUser? User(WireUser? user) =>
        user?.Id is { Length: > 0 } id
            ? new PagerDutyUser(id, user.Name ?? user.Summary ?? "", user.Email?.Trim().ToLowerInvariant() ?? "")
            : null;

    private static OnCallShift? Shift(WireOnCall row)
    {
        // A schedule that is there but has no id is not "named directly"; a bound that is not understood is not "unbounded".
        if (User(row.User) is not { } user
            || row.EscalationLevel is not { } level
            || row.Schedule is { Id: null or "" }
            || !row.Start.Understood || !row.End.Understood
            || row.Start.Value >= row.End.Value)
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
