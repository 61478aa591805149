using System.Globalization;
using System.Text;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Evaluation;

/// <summary>
/// All that the evaluator says of one case, as text: the decision and its reasons, why a session that its policies had granted would
/// end, each policy's test with every condition, and whom the policies that ask for on-call duty let in.
/// </summary>
internal static class Transcript
{
    public static string Of(EvaluationCase one)
    {
        var (policies, facts, request) = (one.Policies(), one.Facts(), one.Request());
        var text = new StringBuilder();
        var decision = Evaluator.Evaluate(policies, facts, request, one.Purpose, one.At, one.Opened);
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{(decision.Allowed ? "allow" : "deny")}{At(" until", decision.ValidUntil)}{At(", next change", decision.NextChange)}{At(", facts of", decision.FactsTime)}{(decision.AwaitsFacts ? $", waits for {decision.UnknownService.ServiceId}" : "")}");
        foreach (var reason in Evaluator.Explain(decision, request))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {Of(reason)}");
        }

        var organization = policies.Of("default");
        var names = organization?.ByName.Keys.Order(StringComparer.Ordinal).ToList() ?? [];
        if (!decision.Allowed)
        {
            var cause = Evaluator.ExplainLoss(names, decision, request);
            text.AppendLine(CultureInfo.InvariantCulture, $"lost: {cause.Code} {cause.PolicyName} {cause.Condition}{At(" since", cause.Since)}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  admin: {cause.ReasonAdmin}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  user: {cause.ReasonUser}");
        }

        foreach (var policy in names.Select(n => organization!.ByName[n]))
        {
            var test = Evaluator.Test(policy.Source, policies, facts, request, one.At, one.At);
            text.AppendLine(CultureInfo.InvariantCulture,
                $"test {policy.Name}: {test.Decision}{At(" until", test.ValidUntil)}{At(", facts of", test.FactsTime)}, holds {test.Trace.Holds}, grants {test.Trace.Grants}, shadow {test.Trace.ShadowDenials}");
            foreach (var reason in test.Reasons.Where(r => r.Condition.Length == 0))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  {Of(reason)}");
            }

            if (test.Permissions.Count > 0)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  permissions: {string.Join(", ", test.Permissions.Select(p => $"{p.Key} {p.Value}"))}");
            }

            foreach (var condition in test.Trace.Conditions.Where(c => c.Outcome != ConditionOutcome.Absent))
            {
                Add(text, "  ", condition);
            }

            if (policy.Conditions.Any(c => c.RequireOnCall))
            {
                Add(text, Evaluator.ListEligibleUsers(policy.Source, policies, facts, one.At));
            }
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void Add(StringBuilder text, string indent, ConditionTrace condition)
    {
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{indent}{condition.Outcome}{(condition.Shadow ? " (shadow)" : "")}{At(" until", condition.ValidUntil)}{At(", facts of", condition.FactsTime)}: {Of(condition.Reason)}");
        foreach (var part in condition.Parts)
        {
            Add(text, indent + "  ", part);
        }
    }

    private static void Add(StringBuilder text, ListEligibleUsersResponse eligible)
    {
        text.AppendLine(CultureInfo.InvariantCulture,
            $"  eligible{At(", facts of", eligible.FactsTime)}{At(", known until", eligible.KnownUntil)}{(eligible.NotLimitedToOnCall ? ", not only who is on call" : "")}");
        foreach (var user in eligible.Users)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"    {user.UserEmail} ({user.UserId}) {(user.EligibleNow ? "now" : "later")} level {user.EscalationLevel} [{string.Join(' ', user.ScheduleIds)}]{At(" from", user.StartTime)}{At(" until", user.EndTime)}");
        }

        foreach (var also in eligible.AlsoRequired)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    also: {also}");
        }
    }

    private static string Of(Reason reason) =>
        $"{reason.Code} {reason.PolicyName} {reason.Condition}{(reason.FactsAge is { } age ? $" {age.ToTimeSpan().TotalSeconds.ToString(CultureInfo.InvariantCulture)}s" : "")} | {reason.Message}";

    private static string At(string before, Timestamp? instant) => At(before, instant?.ToDateTimeOffset());

    private static string At(string before, DateTimeOffset? instant) =>
        instant is { } at ? $"{before} {at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)}" : "";
}
