using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>Whom a policy lets in, now and next, as far as PagerDuty's known windows and <c>who</c> tell.</summary>
internal static class EligibleUsers
{
    public static ListEligibleUsersResponse Of(CompiledPolicy policy, FactsSnapshot facts, DateTimeOffset now)
    {
        var response = new ListEligibleUsersResponse();
        var onCall = policy.Conditions.Where(c => c.RequireOnCall && !c.Shadow).ToList();
        var rosters = onCall.Select(c => (Condition: c, Facts: Roster(c, facts))).ToList();
        response.NotLimitedToOnCall = onCall.Count == 0;
        response.AlsoRequired.Add(AlsoRequired(policy, rosters, facts, now));
        if (rosters.Count > 0 && rosters.All(r => r.Facts is not null))
        {
            response.FactsTime = rosters.Min(r => r.Facts!.AsOf).ToTimestamp();
            response.KnownUntil = rosters.Min(r => r.Facts!.KnownUntil).ToTimestamp();
            response.Users.Add(Windows(policy, rosters!, facts, now));
        }

        return response;
    }

    private static EscalationPolicyFacts? Roster(CompiledCondition condition, FactsSnapshot facts)
    {
        var known = facts.Of(condition.Service.Integration);
        return condition.Settings is not null
            && known.Services.GetValueOrDefault(condition.Service.ServiceId)?.EscalationPolicyId is { } id
            ? known.EscalationPolicies.GetValueOrDefault(id)
            : null;
    }

    private static IEnumerable<EligibleUser> Windows(
        CompiledPolicy policy, List<(CompiledCondition Condition, EscalationPolicyFacts Facts)> rosters, FactsSnapshot facts, DateTimeOffset now)
    {
        var users = new List<EligibleUser>();
        foreach (var user in rosters[0].Facts.Shifts.Select(s => s.User).Where(u => u.Email.Length > 0).DistinctBy(u => u.Email.ToLowerInvariant()))
        {
            if (policy.Who is { } who && !who.CouldMatchUser(user.Email))
            {
                continue;
            }

            var request = new AccessRequest
            {
                OrganizationId = policy.Source.OrganizationId,
                SocketId = "",
                SocketType = "",
                UserEmail = user.Email,
                ServiceAccount = "",
                ClientCountry = "",
            };
            var moment = new Moment(now, now, EvaluationPurpose.NewConnection);
            var eligibleNow = policy.Conditions.All(c => c.Shadow || ConditionCheck.Check(c, facts, request, moment).Holds)
                && (policy.When is null || policy.When.At(now) == WhenWindow.Verdict.In);
            foreach (var (from, until) in Intersect(rosters.Select(r => Stretches(r.Facts, r.Condition, user.Email))))
            {
                if (until is { } end && end <= now)
                {
                    continue;
                }

                var shifts = rosters.SelectMany(r => r.Facts.ShiftsOf(user.Email).ToArray().Where(s =>
                    OnCallCheck.Counts(s, r.Condition) && (until is null || s.Start is null || s.Start < until) && (from is null || s.End is null || s.End > from))).ToList();
                var entry = new EligibleUser
                {
                    UserEmail = user.Email,
                    UserId = user.Id,
                    UserName = user.Name,
                    EligibleNow = eligibleNow && (from is null || from <= now),
                    StartTime = from?.ToTimestamp(),
                    EndTime = until?.ToTimestamp(),
                    EscalationLevel = shifts.Min(s => s.EscalationLevel),
                };
                entry.ScheduleIds.Add(shifts.Select(s => s.ScheduleId).OfType<string>().Distinct().Order(StringComparer.Ordinal));
                users.Add(entry);
            }
        }

        return users.OrderBy(u => !u.EligibleNow)
            .ThenBy(u => u.StartTime is { } start && start.ToDateTimeOffset() > now ? start.ToDateTimeOffset() : now)
            .ThenBy(u => u.UserEmail, StringComparer.Ordinal);
    }

    /// <summary>The unbroken stretches during which a user is on call as a condition asks.</summary>
    private static List<(DateTimeOffset? From, DateTimeOffset? Until)> Stretches(EscalationPolicyFacts facts, CompiledCondition condition, string email)
    {
        var stretches = new List<(DateTimeOffset? From, DateTimeOffset? Until)>();
        foreach (var shift in facts.ShiftsOf(email).ToArray().Where(s => OnCallCheck.Counts(s, condition))
            .OrderBy(s => s.Start ?? DateTimeOffset.MinValue))
        {
            if (stretches.Count > 0 && (stretches[^1].Until is not { } open || shift.Start is null || shift.Start <= open))
            {
                var last = stretches[^1];
                stretches[^1] = (last.From, last.Until is null || shift.End is null ? null : shift.End > last.Until ? shift.End : last.Until);
            }
            else
            {
                stretches.Add((shift.Start, shift.End));
            }
        }

        return stretches;
    }

    private static List<(DateTimeOffset? From, DateTimeOffset? Until)> Intersect(IEnumerable<List<(DateTimeOffset? From, DateTimeOffset? Until)>> all)
    {
        List<(DateTimeOffset? From, DateTimeOffset? Until)>? common = null;
        foreach (var stretches in all)
        {
            common = common is null ? stretches :
            [
                .. from left in common
                   from right in stretches
                   let start = Nullable.Compare(left.From, right.From) >= 0 ? left.From : right.From
                   let end = Verdict.Earlier(left.Until, right.Until)
                   where start is null || end is null || start < end
                   select (start, end),
            ];
        }

        return common ?? [];
    }

    /// <summary>What else must hold before anybody is let in.</summary>
    private static IEnumerable<string> AlsoRequired(
        CompiledPolicy policy, List<(CompiledCondition Condition, EscalationPolicyFacts? Facts)> rosters, FactsSnapshot facts, DateTimeOffset now)
    {
        if (policy.Who is not null)
        {
            yield return "The user must be one of those that `who` names.";
        }

        if (policy.Where is not null)
        {
            yield return "The connection must come from where `where` allows.";
        }

        if (policy.When is { } window)
        {
            yield return window.At(now) == WhenWindow.Verdict.In
                ? "The time must stay within `when`" + (window.NextChange(now) is { } end ? $", which ends at {Wording.Instant(end, now)}." : ".")
                : "The time must be within `when`, and is not" + (window.NextChange(now) is { } start ? $" before {Wording.Instant(start, now)}." : ".");
        }

        foreach (var (condition, roster) in rosters)
        {
            if (roster is null)
            {
                yield return $"Who is on call for service {condition.Service.ServiceId} must be known through integration {condition.IntegrationName}, and is not.";
            }
        }

        foreach (var condition in policy.Conditions.Where(c => c.RequireIncident && !c.Shadow))
        {
            var known = facts.Of(condition.Service.Integration);
            var name = Wording.Named(known.Services.GetValueOrDefault(condition.Service.ServiceId)?.Name ?? "", condition.Service.ServiceId);
            var has = known.Incidents.GetValueOrDefault(condition.Service.ServiceId) switch
            {
                null => "nothing is known of its incidents yet",
                { Open.IsEmpty: true } => "it has none",
                { Open.Length: var count } => $"it has {count}",
            };
            yield return $"Service {name} must have an open incident{Involvement(condition)}; {has}.";
        }
    }

    private static string Involvement(CompiledCondition condition) => condition.Involvement switch
    {
        IncidentInvolvement.Assigned => " that is assigned to the user",
        IncidentInvolvement.Acknowledged => " that the user has acknowledged",
        _ => "",
    };
}
