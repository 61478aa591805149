using Border0.PdSidecar.V1;
using Google.Protobuf.Reflection;

namespace Border0.PdSidecar.Contracts.Tests;

/// <summary>
/// The names that callers type are promises: services, methods and the fields of the messages used most. They are written
/// down here a second time on purpose, so that renaming one is a decision and not a refactoring.
/// </summary>
public class ContractShapeTests
{
    private static readonly FileDescriptor[] Files =
    [
        IntegrationReflection.Descriptor, IntegrationServiceReflection.Descriptor, PolicyReflection.Descriptor,
        PolicyServiceReflection.Descriptor, DecisionReflection.Descriptor, SessionReflection.Descriptor,
        EvaluationServiceReflection.Descriptor, ActivityReflection.Descriptor, ActivityServiceReflection.Descriptor,
    ];

    [Theory]
    [InlineData(
        "IntegrationService",
        "CreateIntegration GetIntegration ListIntegrations UpdateIntegration DeleteIntegration CheckIntegration SyncIntegration ListPagerDutyServices")]
    [InlineData(
        "PolicyService",
        "CreatePolicy GetPolicy ListPolicies UpdatePolicy DeletePolicy AttachPolicy DetachPolicy TestPolicy ListEligibleUsers")]
    [InlineData(
        "EvaluationService",
        "Evaluate EvaluateStream WatchSessions EndSession RevokeSession ListSessions")]
    [InlineData("ActivityService", "WatchActivity")]
    public void Service_HasExactlyTheMethodsPromised(string service, string methods)
    {
        var descriptor = Files.SelectMany(f => f.Services).Single(s => s.Name == service);

        Assert.Equal("border0.pdsidecar.v1." + service, descriptor.FullName);
        Assert.Equal(methods.Split(' '), descriptor.Methods.Select(m => m.Name));
    }

    [Theory]
    [InlineData("EvaluateStream", true, true)]
    [InlineData("WatchSessions", false, true)]
    [InlineData("Evaluate", false, false)]
    public void Method_StreamsAsPromised(string method, bool client, bool server)
    {
        var descriptor = EvaluationService.Descriptor.Methods.Single(m => m.Name == method);

        Assert.Equal((client, server), (descriptor.IsClientStreaming, descriptor.IsServerStreaming));
    }

    [Theory]
    [InlineData(
        "Integration",
        "name description type api_key api_key_hint region base_url webhook_secrets max_staleness session_max_staleness status create_time update_time etag organization_id")]
    [InlineData("CreateIntegrationRequest", "integration")]
    [InlineData("CreatePolicyRequest", "policy policy_document")]
    [InlineData(
        "Policy",
        "name description org_wide socket_ids tag_rules permissions actions condition integrations revocation_grace max_session_duration warnings etag organization_id")]
    [InlineData("ActionList", "values")]
    [InlineData("Condition", "who where when")]
    [InlineData("WhoCondition", "email domain group service_account")]
    [InlineData("WhereCondition", "allowed_ip country country_not")]
    [InlineData("WhenCondition", "after before time_of_day_after time_of_day_before time_zone")]
    [InlineData("IntegrationCondition", "integration_name pagerduty_oncall mode")]
    [InlineData(
        "PagerDutyOnCallCondition",
        "service_id require_be_oncall require_incident max_escalation_level schedule_ids incident_involvement")]
    [InlineData(
        "EvaluateRequest",
        "request_id organization_id connector_id socket_id socket_type user_email groups service_account client_ip client_country socket_tags session_key")]
    [InlineData(
        "EvaluateResponse",
        "request_id decision allowed_actions permissions reasons valid_until facts_time session_key revision")]
    [InlineData("EvaluateStreamRequest", "requests")]
    [InlineData("EvaluateStreamResponse", "responses")]
    [InlineData("WatchSessionsRequest", "organization_id connector_id resume_token active_sessions heartbeat_interval")]
    [InlineData(
        "WatchSessionsResponse",
        "resume_token session_revoked session_expiring session_actions_changed heartbeat resync_required")]
    public void Message_HasTheFieldsThatCallersType(string message, string fields)
    {
        var descriptor = Files.SelectMany(f => f.MessageTypes).Single(m => m.Name == message);

        Assert.Empty(fields.Split(' ').Except(descriptor.Fields.InDeclarationOrder().Select(f => f.Name)));
    }

    [Fact]
    public void Enums_HaveThePromisedValues()
    {
        Assert.Equal(
            ["DECISION_UNSPECIFIED", "DECISION_ALLOW", "DECISION_DENY"],
            DecisionReflection.Descriptor.EnumTypes.Single(e => e.Name == "Decision").Values.Select(v => v.Name));
        Assert.Contains(
            "INTEGRATION_TYPE_PAGERDUTY_ONCALL",
            IntegrationReflection.Descriptor.EnumTypes.Single(e => e.Name == "IntegrationType").Values.Select(v => v.Name));
        Assert.Equal(
            ["REGION_UNSPECIFIED", "REGION_US", "REGION_EU"],
            IntegrationReflection.Descriptor.EnumTypes.Single(e => e.Name == "Region").Values.Select(v => v.Name));
    }

    [Fact]
    public void Secrets_AreCarriedByTheTwoMessagesThatTakeThem_AndByNoResponse()
    {
        string[] secret = ["api_key", "webhook_secrets"];

        var carriers = Files.SelectMany(f => f.MessageTypes)
            .Where(m => m.Fields.InDeclarationOrder().Any(f => secret.Contains(f.Name)))
            .Select(m => m.Name);

        Assert.Equal(["Integration", "CheckIntegrationRequest"], carriers);
    }
}
