using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Contracts.Tests;

/// <summary>What people paste into grpcurl must parse, with the proto's own names as well as with JSON's.</summary>
public class ContractJsonTests
{
    [Fact]
    public void CreatePolicyRequest_WithProtoNames_Parses()
    {
        var request = JsonParser.Default.Parse<CreatePolicyRequest>("""
            {
              "policy": {
                "name": "payments-responders",
                "org_wide": true,
                "actions": { "ssh": { "values": ["*"] } },
                "condition": { "where": { "allowed_ip": ["10.0.0.0/8"] }, "when": { "before": "2030-01-01T00:00:00Z" } },
                "integrations": [
                  { "integration_name": "pd", "pagerduty_oncall": { "service_id": "PF9KMXH", "require_incident": true } }
                ]
              }
            }
            """);

        var condition = Assert.Single(request.Policy.Integrations);
        Assert.Equal(IntegrationCondition.ConfigurationOneofCase.PagerdutyOncall, condition.ConfigurationCase);
        Assert.True(condition.PagerdutyOncall.RequireIncident);
        Assert.False(condition.PagerdutyOncall.RequireBeOncall);
        Assert.Equal(new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc), request.Policy.Condition.When.Before.ToDateTime());
    }

    [Fact]
    public void CreatePolicyRequest_WithBorder0sDocument_KeepsItAsItIs()
    {
        var request = JsonParser.Default.Parse<CreatePolicyRequest>("""
            {
              "policy": { "name": "from-border0" },
              "policyDocument": {
                "version": "v1", "action": ["ssh:*"], "condition": { "when": { "before": null } },
                "integrations": [{ "integration_name": "pd", "configuration": { "service_id": "P1", "require_be_oncall": true } }]
              }
            }
            """);

        Assert.Equal("v1", request.PolicyDocument.Fields["version"].StringValue);
        var integration = request.PolicyDocument.Fields["integrations"].ListValue.Values.Single().StructValue;
        Assert.True(integration.Fields["configuration"].StructValue.Fields["require_be_oncall"].BoolValue);
    }

    [Fact]
    public void Response_RoundTripsThroughJson()
    {
        var response = new WatchSessionsResponse
        {
            ResumeToken = "t",
            Revision = 7,
            SessionRevoked = new SessionRevoked { SessionKey = "s", Cause = RevocationCause.IncidentResolved },
        };

        Assert.Equal(response, JsonParser.Default.Parse<WatchSessionsResponse>(JsonFormatter.Default.Format(response)));
    }
}
