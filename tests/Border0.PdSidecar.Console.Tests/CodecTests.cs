using System.Text.Json;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Console.Tests;

/// <summary>The page's own protobuf: what it reads and writes again is what Google's library wrote.</summary>
public class CodecTests
{
    private static readonly Timestamp Instant = new() { Seconds = 1_795_000_000, Nanos = 120_000_000 };
    private static readonly Reason Reason = new() { Code = ReasonCode.NotOnCall, PolicyName = "p", Condition = "integrations[0]", Message = "„Ünïcode“ 🚨 \u0000 <b>", FactsAge = new Duration { Seconds = 3, Nanos = 1 } };

    private static IEnumerable<IMessage> Messages =>
    [
        new ListPoliciesRequest(),
        new ListPoliciesRequest { PageSize = int.MaxValue, PageToken = new string('x', 300), SocketId = "s" },
        new CreatePolicyRequest { Policy = EveryField() },
        new CreatePolicyRequest { Policy = new Policy { Condition = new Condition { Who = new WhoCondition() } } },
        new UpdatePolicyRequest { Policy = new Policy { Name = "p" }, UpdateMask = new FieldMask { Paths = { "a", "b.c" } } },
        new CreateIntegrationResponse
        {
            Integration = new Integration
            {
                Name = "pd", Region = Region.Eu, ApiKeyHint = "ey_1", WebhookSecretCount = 2, MaxStaleness = new Duration { Seconds = 86_400 }, CreateTime = Instant,
                Status = new IntegrationStatus
                {
                    State = IntegrationState.Degraded, Message = "m", IncidentsTime = Instant, LastErrorTime = new Timestamp(),
                    RateBudget = new RateBudget { Limit = 960, Share = 0.35, ResetTime = Instant, IncidentsInterval = new Duration { Nanos = 5_000 } },
                    Webhooks = new WebhookStatus { Accepted = 9_007_199_254_740_991, Refused = 1 },
                },
            },
        },
        new CheckIntegrationResponse { KeyValid = true, WriteAccess = WriteAccess.ReadWrite, KeyKind = KeyKind.User, Latency = new Duration { Nanos = 999_999_999 }, Capabilities = { new KeyCapability { Name = "n", Ok = true }, new KeyCapability() } },
        new TestPolicyResponse
        {
            Decision = Decision.Deny, Time = new Timestamp { Seconds = -62_135_596_800 },
            Trace = new PolicyTrace
            {
                ShadowDenials = -1,
                Conditions = { new ConditionTrace { Condition = "c", Outcome = ConditionOutcome.Fail, Reason = Reason, Parts = { new ConditionTrace { Shadow = true }, new ConditionTrace() } } },
            },
            Permissions = { ["ssh"] = new PermissionList { Grants = { Deep(), new Struct() } }, [""] = new PermissionList() },
        },
        new ListSessionsResponse { Sessions = { new Session { SessionKey = "k", Reasons = { Reason }, AllowedActions = { ["*"] = new ActionList { Values = { "", "b" } } }, OpenTime = Instant } }, NextPageToken = "t" },
        new RevokeSessionResponse { Revision = -5 },
        new WatchActivityResponse { Time = Instant, Missed = 3, Heartbeat = new ActivityHeartbeat() },
        new WatchActivityResponse { Decision = new ActivityDecision { Decision = Decision.Allow, Reasons = { Reason } } },
        new WatchActivityResponse { Revocation = new ActivityRevocation { SessionRevoked = new SessionRevoked { Cause = RevocationCause.ShiftEnded, EventTime = Instant, InitiatingEntity = InitiatingEntity.System } } },
        new WatchActivityRequest { Kinds = { ActivityKind.Change, ActivityKind.Decision }, Decision = (Decision)77 },
    ];

    [Fact]
    public async Task WhatIsReadAndWrittenAgain_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        var pages = Path.Combine(BuildFacts.RepositoryRoot, "src", "Border0.PdSidecar", "WebConsole", "Pages", "rpc");
        foreach (var file in Directory.GetFiles(pages, "*.js"))
        {
            File.Copy(file, folder.Path(Path.GetFileName(file)));
        }

        // Node, unlike browsers, asks what kind of files these are.
        File.WriteAllText(folder.Path("package.json"), """{"type": "module"}""");
        var messages = Messages.ToList();
        var given = JsonSerializer.Serialize(messages.Select(m => new[] { m.Descriptor.Name, m.ToByteString().ToBase64() }));
        await using var run = ProgramRun.Start("node", [Path.Combine(BrowserRun.Scripts, "codec.mjs"), folder.Path("codec.js"), folder.Path("check.js")], given);
        Assert.True(await run.ExitAsync(TimeSpan.FromMinutes(2)) == 0, run.Errors);

        var back = JsonSerializer.Deserialize<string[]>(run.Output)!;
        Assert.Equal(messages.Count, back.Length);
        for (var i = 0; i < messages.Count; i++)
        {
            Assert.Equal(messages[i], messages[i].Descriptor.Parser.ParseFrom(Convert.FromBase64String(back[i])));
        }
    }

    private static Policy EveryField() => new()
    {
        Name = "p",
        Description = "d",
        OrgWide = true,
        SocketIds = { "a", "b" },
        TagRules = { new TagRule { Tags = { ["env"] = "prod", ["__proto__"] = "x" } } },
        Permissions = { ["ssh"] = Deep() },
        Actions = { ["database"] = new ActionList { Values = { "*" } } },
        Condition = new Condition
        {
            Who = new WhoCondition { Email = { "a@example.com" }, Domain = { "example.com" }, Group = { "g" }, ServiceAccount = { "s" } },
            Where = new WhereCondition { AllowedIp = { "192.0.2.0/24", "2001:db8::/32" }, Country = { "DE" }, CountryNot = { "FR" } },
            When = new WhenCondition { After = Instant, Before = Instant, TimeOfDayAfter = "22:00", TimeOfDayBefore = "06:00", TimeZone = "Europe/Berlin" },
        },
        Integrations =
        {
            new IntegrationCondition
            {
                IntegrationName = "pd", Mode = ConditionMode.Shadow,
                PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = "P1", RequireBeOncall = true, RequireIncident = true, MaxEscalationLevel = 2, ScheduleIds = { "S1" }, IncidentInvolvement = IncidentInvolvement.Assigned },
            },
            new IntegrationCondition { PagerdutyOncall = new PagerDutyOnCallCondition() },
        },
        RevocationGrace = new Duration { Seconds = 90 },
        MaxSessionDuration = new Duration { Seconds = 28_800, Nanos = 500_000_000 },
        Warnings = { new PolicyWarning { Field = "f", Code = "C", Message = "m" } },
        Etag = "7",
        OrganizationId = "acme",
        CreateTime = Instant,
        UpdateTime = Instant,
    };

    private static Struct Deep() => Struct.Parser.ParseJson("""{"a": null, "b": [1, -2.5, "x", true, {"c": {}}, []], "": false, "n": 1e300, "__proto__": "p", "constructor": {"d": ["ü"]}}""");
}
