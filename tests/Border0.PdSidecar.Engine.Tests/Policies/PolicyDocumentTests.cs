using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.V1;
using CsCheck;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Policies;

/// <summary>Border0's policy documents, in and out.</summary>
public class PolicyDocumentTests
{
    [Fact]
    public void V1_WithNullsAndBorder0sTimes_IsRead()
    {
        var policy = Read("""
            {
              "version": "v1",
              "action": ["database:*", "ssh:shell", "ssh:exec", "http"],
              "condition": {
                "who": { "email": ["alice@example.com"], "domain": ["example.com"], "group": null },
                "where": { "allowed_ip": ["0.0.0.0/0", "::/0"], "country": null, "country_not": ["KP"] },
                "when": { "after": "2021-12-31T00:00Z", "before": null, "time_of_day_after": "00:00 UTC", "time_of_day_before": "23:59 UTC" }
              },
              "integrations": [
                { "integration_name": "pd", "configuration": { "service_id": "PF9KMXH", "require_be_oncall": true, "require_incident": false } }
              ]
            }
            """);

        Assert.Equal(["shell", "exec"], policy.Actions["ssh"].Values);
        Assert.Equal(["*"], policy.Actions["http"].Values);
        Assert.Equal(["*"], policy.Actions["database"].Values);
        Assert.Equal(new DateTime(2021, 12, 31, 0, 0, 0, DateTimeKind.Utc), policy.Condition.When.After.ToDateTime());
        Assert.Null(policy.Condition.When.Before);
        Assert.Equal("00:00 UTC", policy.Condition.When.TimeOfDayAfter);
        Assert.Empty(policy.Condition.Who.Group);
        var condition = Assert.Single(policy.Integrations);
        Assert.True(condition.PagerdutyOncall is { ServiceId: "PF9KMXH", RequireBeOncall: true, RequireIncident: false });
    }

    [Fact]
    public void V2_KeepsItsPermissionsAsTheyAre()
    {
        var policy = Read("""
            {
              "version": "v2",
              "permissions": { "ssh": { "shell": {}, "exec": { "commands": ["ls"] }, "max_session_duration_seconds": 3600 }, "http": {} },
              "condition": { "who": { "email": ["alice@example.com"], "group": [], "service_account": [] } }
            }
            """);

        Assert.Equal(["http", "ssh"], policy.Permissions.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(3600, policy.Permissions["ssh"].Fields["max_session_duration_seconds"].NumberValue);
        Assert.Empty(policy.Actions);
    }

    [Fact]
    public void EverythingThatIsWrong_IsNamedAtOnce()
    {
        var found = new FieldViolations();
        PolicyDocumentReader.Read(
            JsonParser.Default.Parse<Struct>("""
                {
                  "version": "v1", "actoin": [], "action": [7],
                  "condition": { "who": { "emails": [] }, "when": { "after": "yesterday" } },
                  "integrations": [{ "integration_name": 1, "configuration": { "service_id": "P1", "require_incident": "yes", "typo": 1 } }]
                }
                """),
            new Policy(), "policy_document", found);

        foreach (var field in (string[])
            ["actoin", "action[0]", "condition.who.emails", "condition.when.after", "integrations[0].integration_name", "integrations[0].configuration.require_incident", "integrations[0].configuration.typo"])
        {
            Assert.Contains(found.Found, v => v.Field == "policy_document." + field);
        }
    }

    [Theory]
    [InlineData("""{ }""")]
    [InlineData("""{ "version": "v3" }""")]
    [InlineData("""{ "version": 1 }""")]
    public void Version_IsRequired(string json)
    {
        var found = new FieldViolations();
        PolicyDocumentReader.Read(JsonParser.Default.Parse<Struct>(json), new Policy(), "policy_document", found);

        Assert.Equal("policy_document.version", Assert.Single(found.Found).Field);
    }

    [Fact]
    public void PartsGivenTwice_AreRefused()
    {
        var found = new FieldViolations();
        PolicyDocumentReader.Read(
            JsonParser.Default.Parse<Struct>("""{ "version": "v1" }"""), new Policy { Condition = new Condition() }, "policy_document", found);

        Assert.Equal("policy.condition", Assert.Single(found.Found).Field);
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v2")]
    public void RoundTrip_WhereNothingIsLost_GivesTheSamePolicy(string version) => Gen.Int.Sample(
        seed =>
        {
            var policy = Random(new Random(seed), version);
            var losses = new List<string>();
            var document = PolicyDocumentWriter.Write(policy, version, losses);
            var again = new Policy();
            var found = new FieldViolations();
            PolicyDocumentReader.Read(document, again, "policy_document", found);

            Assert.Empty(losses);
            Assert.Empty(found.Found);
            Assert.Equal(policy, again);
        },
        iter: Soak.Runs(1_000, 1_000));

    [Fact]
    public void WhatADocumentCannotSay_IsToldAsALoss()
    {
        var policy = new Policy
        {
            Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
            Condition = new Condition { Who = new WhoCondition { Domain = { "example.com" } } },
            RevocationGrace = new Duration { Seconds = 5 },
        };
        var losses = new List<string>();
        PolicyDocumentWriter.Write(policy, "v2", losses);

        Assert.Equal(3, losses.Count);
    }

    private static Policy Read(string json)
    {
        var policy = new Policy();
        var found = new FieldViolations();
        PolicyDocumentReader.Read(JsonParser.Default.Parse<Struct>(json), policy, "policy_document", found);
        Assert.Empty(found.Found);
        return policy;
    }

    private static Policy Random(Random random, string version)
    {
        bool Chance() => random.Next(2) == 0;
        var policy = new Policy { Condition = new Condition() };
        if (version == "v1")
        {
            policy.Actions["ssh"] = new ActionList { Values = { "shell", "exec" } };
        }
        else
        {
            policy.Permissions["ssh"] = new Struct { Fields = { ["shell"] = Value.ForStruct(new Struct()) } };
        }

        if (Chance())
        {
            policy.Condition.Who = new WhoCondition { Email = { "a@b.c" }, Group = { "g" } };
            policy.Condition.Who.Domain.Add(version == "v1" ? ["d.e"] : []);
        }

        if (Chance())
        {
            policy.Condition.Where = new WhereCondition { AllowedIp = { "10.0.0.0/8" }, CountryNot = { "KP" } };
        }

        if (Chance())
        {
            policy.Condition.When = new WhenCondition
            {
                After = Chance() ? new Timestamp { Seconds = random.Next(), Nanos = random.Next(10_000_000) * 100 } : null,
                TimeOfDayAfter = Chance() ? "09:00" : "",
                TimeZone = Chance() ? "Europe/Berlin" : "",
            };
        }

        for (var i = random.Next(3); i > 0; i--)
        {
            policy.Integrations.Add(new IntegrationCondition
            {
                IntegrationName = "pd",
                Mode = (ConditionMode)random.Next(3),
                PagerdutyOncall = new PagerDutyOnCallCondition
                {
                    ServiceId = "P1",
                    RequireBeOncall = Chance(),
                    RequireIncident = Chance(),
                    MaxEscalationLevel = random.Next(3),
                    IncidentInvolvement = (IncidentInvolvement)random.Next(4),
                },
            });
        }

        return policy;
    }
}
