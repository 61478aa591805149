using Border0.PdSidecar.Commands.Policies;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.V1;
using Google.Protobuf.Collections;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>Everything that can be wrong with what files say, found before anything is changed.</summary>
internal static class DesiredChecks
{
    /// <summary>Checks by the sidecar's own rules, which are in this program.</summary>
    /// <returns>One line for each thing that is wrong.</returns>
    public static List<string> Check(IEnumerable<IntegrationInput> integrations, IEnumerable<PolicyInput> policies)
    {
        List<string> wrong = [];
        foreach (var input in integrations)
        {
            var whole = input.Integration.Clone();
            var found = new FieldViolations();
            whole.WebhookSecrets.Add(WebhookSecretsOf(input));

            // A key that the file does not point to stays what it is: whether there is one, the sidecar knows.
            whole.ApiKey = input.Key?.Value ?? "stays";
            IntegrationValidation.Check(whole, "", isAllowedBaseUrl: static _ => true, found);
            wrong.AddRange(found.Found.Select(f => $"{input.Source}: {f.Field} {f.Description}"));
        }

        foreach (var input in policies)
        {
            var found = new FieldViolations();
            PolicyValidation.Check(Whole(input, found), "", nameRequired: true, found);
            wrong.AddRange(found.Found.Select(f => $"{input.Source}: {f.Field} {f.Description}"));
        }

        return wrong;
    }

    /// <summary>The secrets, one a line.</summary>
    public static string[] WebhookSecretsOf(IntegrationInput input) =>
        input.WebhookSecrets?.Value.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>A policy with what its document says.</summary>
    public static Policy Whole(PolicyInput input, FieldViolations found)
    {
        var whole = input.Policy.Clone();
        if (input.Document is not null)
        {
            PolicyDocumentReader.Read(input.Document, whole, "policy_data", found);
        }

        return whole;
    }

    /// <summary>
    /// Has the sidecar look at a policy that will be written, without writing it: whether PagerDuty has its services cannot be told here.
    /// </summary>
    public static async Task<IEnumerable<string>> AskAsync(RemoteCall call, Policy policy, string source)
    {
        var request = new TestPolicyRequest { OrganizationId = call.Organization, Policy = policy.Clone(), UserEmail = "nobody@example.com" };
        request.Policy.OrganizationId = "";
        var answer = await call.AskAsync($"checking policy {policy.Name}", o => call.Policies.TestPolicyAsync(request, o));
        return Reasons(answer.Trace?.Conditions ?? []).Where(r => r.Code == ReasonCode.ServiceNotFound).Select(r => $"{source}: {r.Message}").Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<Reason> Reasons(RepeatedField<ConditionTrace> conditions) =>
        conditions.SelectMany(c => Reasons(c.Parts).Concat(c.Reason is { } reason ? [reason] : []));
}
