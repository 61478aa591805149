using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Validation;

/// <summary>Each rule by the field that it names.</summary>
public class ValidationTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("9-lives", true)]
    [InlineData("My-PagerDuty", true)]
    [InlineData("", false)]
    [InlineData("-a", false)]
    [InlineData("a_b", false)]
    [InlineData("a b", false)]
    [InlineData("a\n", false)]
    [InlineData("ü", false)]
    public void IntegrationName_FollowsBorder0sRule(string name, bool valid) =>
        Assert.Equal(valid, Of(new Integration { Name = name, ApiKey = "y_NbAkKc66ryYTWUXYEu" }).None);

    [Fact]
    public void IntegrationName_HasAtMost63Characters()
    {
        Assert.True(Of(new Integration { Name = new string('a', 63), ApiKey = "k" }).None);
        Assert.False(Of(new Integration { Name = new string('a', 64), ApiKey = "k" }).None);
    }

    [Theory]
    [InlineData("""{"api_key": ""}""", "api_key")]
    [InlineData("""{"api_key": "with space"}""", "api_key")]
    [InlineData("""{"description": "\u0000"}""", "description")]
    [InlineData("""{"region": 9}""", "region")]
    [InlineData("""{"type": 9}""", "type")]
    [InlineData("""{"base_url": "http://127.0.0.1:1"}""", "base_url")]
    [InlineData("""{"max_staleness": "4s"}""", "max_staleness")]
    [InlineData("""{"max_staleness": "86401s"}""", "max_staleness")]
    [InlineData("""{"max_staleness": "60s", "session_max_staleness": "59s"}""", "session_max_staleness")]
    [InlineData("""{"webhook_secrets": [""]}""", "webhook_secrets[0]")]
    [InlineData("""{"organization_id": "../x"}""", "organization_id")]
    [InlineData("""{"managed_by": "two words"}""", "managed_by")]
    public void Integration_ThatIsWrong_IsRefusedByItsField(string json, string field)
    {
        var integration = new Integration { Name = "pd", ApiKey = "k" };
        var given = JsonParser.Default.Parse<Integration>(json);
        integration.MergeFrom(given);
        if (json.Contains("\"api_key\": \"\"", StringComparison.Ordinal))
        {
            integration.ApiKey = "";
        }

        Assert.Equal("integration." + field, Assert.Single(Of(integration).Found).Field);
    }

    [Fact]
    public void ApiKey_IsNeverInWhatIsSaidOfIt()
    {
        var found = Of(new Integration { Name = "pd", ApiKey = "secret key" });

        Assert.DoesNotContain("secret", string.Concat(found.Found.Select(v => v.Field + v.Description)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name": ""}""", "name")]
    [InlineData("""{"socket_ids": ["a", "a"]}""", "socket_ids[1]")]
    [InlineData("""{"socket_ids": [""]}""", "socket_ids[0]")]
    [InlineData("""{"tag_rules": [{}]}""", "tag_rules[0].tags")]
    [InlineData("""{"actions": {"SSH": {"values": ["*"]}}}""", "actions[SSH]")]
    [InlineData("""{"actions": {"ssh": {"values": [""]}}}""", "actions[ssh].values[0]")]
    [InlineData("""{"permissions": {"*": {}}}""", "permissions[*]")]
    [InlineData("""{"permissions": {"ssh": {"exec": {"": 1}}}}""", "permissions[ssh]")]
    [InlineData("""{"permissions": {"ssh": {"max_session_duration_seconds": 0}}}""", "permissions[ssh].max_session_duration_seconds")]
    [InlineData("""{"condition": {"who": {"email": ["nobody"]}}}""", "condition.who.email[0]")]
    [InlineData("""{"condition": {"who": {"domain": ["a b"]}}}""", "condition.who.domain[0]")]
    [InlineData("""{"condition": {"where": {"allowed_ip": ["10.0.0.0/8", "x"]}}}""", "condition.where.allowed_ip[1]")]
    [InlineData("""{"condition": {"where": {"country": ["DEU"]}}}""", "condition.where.country[0]")]
    [InlineData("""{"condition": {"when": {"after": "2026-01-02T00:00:00Z", "before": "2026-01-01T00:00:00Z"}}}""", "condition.when.before")]
    [InlineData("""{"condition": {"when": {"time_of_day_after": "25:00"}}}""", "condition.when.time_of_day_after")]
    [InlineData("""{"condition": {"when": {"time_zone": "Nowhere/Land"}}}""", "condition.when.time_zone")]
    [InlineData("""{"integrations": [{"integration_name": "pd"}]}""", "integrations[0].pagerduty_oncall")]
    [InlineData("""{"integrations": [{"integration_name": "pd", "pagerduty_oncall": {}}]}""", "integrations[0].pagerduty_oncall.service_id")]
    [InlineData("""{"integrations": [{"pagerduty_oncall": {"service_id": "P1"}}]}""", "integrations[0].integration_name")]
    [InlineData("""{"integrations": [{"integration_name": "pd", "pagerduty_oncall": {"service_id": "P1", "max_escalation_level": -1}}]}""", "integrations[0].pagerduty_oncall.max_escalation_level")]
    [InlineData("""{"integrations": [{"integration_name": "pd", "mode": 9, "pagerduty_oncall": {"service_id": "P1"}}]}""", "integrations[0].mode")]
    [InlineData("""{"revocation_grace": "3601s"}""", "revocation_grace")]
    [InlineData("""{"revocation_grace": "-1s"}""", "revocation_grace")]
    [InlineData("""{"max_session_duration": "0.5s"}""", "max_session_duration")]
    public void Policy_ThatIsWrong_IsRefusedByItsField(string json, string field)
    {
        var policy = JsonParser.Default.Parse<Policy>(json);
        policy.Name = json.StartsWith("{\"name\"", StringComparison.Ordinal) ? "" : "p";

        Assert.Equal("policy." + field, Assert.Single(Of(policy).Found).Field);
    }

    [Fact]
    public void Policy_NoOp_IsAccepted() => Assert.True(Of(JsonParser.Default.Parse<Policy>(
        """{"name": "p", "integrations": [{"integration_name": "pd", "pagerduty_oncall": {"service_id": "P1"}}]}""")).None);

    [Fact]
    public void Policy_FullOfBadFields_NamesTheFirstHundred()
    {
        var policy = new Policy { Name = "p", Condition = new Condition { Where = new WhereCondition() } };
        policy.Condition.Where.AllowedIp.Add(Enumerable.Repeat("x", 1000));

        Assert.Equal(100, Of(policy).Found.Count);
    }

    [Fact]
    public void Permission_NestedTooDeep_IsRefusedOnce()
    {
        var deep = Value.ForBool(true);
        for (var i = 0; i < 60; i++)
        {
            deep = Value.ForList(deep, deep);
        }

        var found = Of(new Policy { Name = "p", Permissions = { ["ssh"] = new Struct { Fields = { ["a"] = deep } } } });

        Assert.Equal("policy.permissions[ssh]", Assert.Single(found.Found).Field);
    }

    private static FieldViolations Of(Integration integration)
    {
        var found = new FieldViolations();
        IntegrationValidation.Check(integration, "integration.", _ => false, found);
        return found;
    }

    private static FieldViolations Of(Policy policy)
    {
        var found = new FieldViolations();
        PolicyValidation.Check(policy, "policy.", nameRequired: true, found);
        return found;
    }
}
