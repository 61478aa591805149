using System.Net;
using System.Text;
using System.Text.Json;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Decision = Border0.PdSidecar.V1.Decision;

namespace Border0.PdSidecar.Tests.DecisionLog;

/// <summary>Every field of every kind of line.</summary>
public sealed class RecordRendererTests
{
    private static readonly long Ticks = Recorded.Start.UtcTicks;
    private readonly RecordRenderer _renderer = new("acme");
    private readonly LineBuffer _lines = new(1024);

    [Fact]
    public void Allow_HasEveryField()
    {
        var request = new EvaluateRequest
        {
            RequestId = "r1",
            ConnectorId = "c1",
            SessionKey = "s1",
            UserEmail = "Zoë \"Z\" <zoe@example.com>",
            Groups = { "sre", "dba" },
            ClientIp = "192.0.2.10:51000",
            ClientCountry = "NL",
            SocketId = "bastion",
            SocketType = "SSH",
            SocketTags = { ["env"] = "prod" },
        };
        var response = new EvaluateResponse
        {
            Decision = Decision.Allow,
            Reasons =
            {
                new Reason { Code = ReasonCode.Granted, PolicyName = "Responders", Message = "Policy Responders grants access.", FactsAge = new Duration { Seconds = 3, Nanos = 45_999_999 } },
                new Reason { Code = ReasonCode.ShadowWouldDeny, PolicyName = "Responders", Condition = "integrations[0].require_incident", Message = "Only watched." },
                new Reason { Code = ReasonCode.Granted, PolicyName = "everybody" },
            },
            ValidUntil = new DateTimeOffset(2026, 12, 31, 23, 59, 59, 999, TimeSpan.Zero).ToTimestamp(),
            FactsTime = Recorded.Start.AddSeconds(-3).ToTimestamp(),
            Revision = 17,
        };
        var entry = Told(
            Ticks, request, response, Policies(("responders", "e7"), ("everybody", "e8"), ("other", "e9")), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        Assert.Equal(
            """
            {"kind":"decision","time":"2026-11-23T08:05:09.042Z","outcome":"allow","organization":"acme","connector":"c1","session_key":"s1","request_id":"r1",
            "user":"Zoë \"Z\" <zoe@example.com>","group_count":2,"client_ip":"192.0.2.10","client_country":"NL","socket_id":"bastion","socket_type":"ssh",
            "reasons":[{"code":"REASON_CODE_GRANTED","policy":"Responders","message":"Policy Responders grants access.","facts_age_seconds":3.045},
            {"code":"REASON_CODE_SHADOW_WOULD_DENY","policy":"Responders","condition":"integrations[0].require_incident","message":"Only watched."},
            {"code":"REASON_CODE_GRANTED","policy":"everybody"}],"policies":{"Responders":"e7","everybody":"e8"},
            "valid_until":"2026-12-31T23:59:59.999Z","facts_time":"2026-11-23T08:05:06.042Z","revision":17,"trace_id":"0af7651916cd43dd8448eb211c80319c"}

            """,
            Rendered(entry, wrapped: true));
    }

    [Fact]
    public void Deny_OfAServiceAccount_LeavesOutWhatIsNotKnown()
    {
        var request = new EvaluateRequest { OrganizationId = "other", ServiceAccount = "deploy", SocketId = "db", SocketType = "database" };
        var response = new EvaluateResponse { Decision = Decision.Deny, Reasons = { new Reason { Code = ReasonCode.NoPolicy, Message = "No policy." } } };

        Assert.Equal(
            """
            {"kind":"decision","time":"2026-11-23T08:05:09.042Z","outcome":"deny","organization":"other","service_account":"deploy","socket_id":"db","socket_type":"database",
            "reasons":[{"code":"REASON_CODE_NO_POLICY","message":"No policy."}],"revision":0}

            """,
            Rendered(Told(Ticks, request, response, PolicySnapshot.Empty, null), wrapped: true));
    }

    [Fact]
    public void Revocation_HasEveryField()
    {
        var revoked = new SessionRevoked
        {
            SessionKey = "s1",
            SocketId = "bastion",
            UserEmail = "alice@example.com",
            Cause = RevocationCause.ShiftEnded,
            PolicyName = "responders",
            Condition = "integrations[0].require_be_oncall",
            ReasonAdmin = "The shift ended.",
            ReasonUser = "Not told here.",
            EventTime = Recorded.Start.AddSeconds(-1).ToTimestamp(),
            DecisionTime = Recorded.Start.ToTimestamp(),
            InitiatingEntity = InitiatingEntity.Policy,
        };
        var entry = LogEntry.Revocation(Ticks, new RevocationEntry("acme", "c1", "ssh", IPAddress.Parse("2001:db8::1"), "NL", revoked, 18));

        Assert.Equal(
            """
            {"kind":"revocation","time":"2026-11-23T08:05:09.042Z","organization":"acme","connector":"c1","session_key":"s1","user":"alice@example.com",
            "client_ip":"2001:db8::1","client_country":"NL","socket_id":"bastion","socket_type":"ssh","cause":"REVOCATION_CAUSE_SHIFT_ENDED","policy":"responders",
            "condition":"integrations[0].require_be_oncall","reason_admin":"The shift ended.","event_time":"2026-11-23T08:05:08.042Z",
            "decision_time":"2026-11-23T08:05:09.042Z","revision":18,"initiating_entity":"INITIATING_ENTITY_POLICY"}

            """,
            Rendered(entry, wrapped: true));
    }

    [Fact]
    public void Change_HasBeforeAndAfter_AndNoSecrets()
    {
        // What is stored holds no secrets; should it ever, they stay out all the same.
        var before = new StoredIntegration(
            new Integration { Name = "pd", OrganizationId = "acme", Description = "old", Etag = "e1", ApiKey = "planted-key-1" }, new IntegrationSecrets("planted-key-1", ["planted-hook-1"]));
        var after = new StoredIntegration(
            new Integration { Name = "pd", OrganizationId = "acme", Description = "new", Etag = "e2", WebhookSecrets = { "planted-hook-2" } }, new IntegrationSecrets("planted-key-2", ["planted-hook-2"]));

        var line = Rendered(LogEntry.Change(Ticks, ConfigurationChange.Of(before, after) with { Actor = new Actor("unix", "", "", 1000, "grpc_socket", "") }));

        Assert.DoesNotContain("planted", line, StringComparison.Ordinal);
        var record = JsonDocument.Parse(line).RootElement;
        Assert.Equal(
            ["kind", "time", "actor", "action", "type", "organization", "name", "etag_before", "etag_after", "api_key_changed", "webhook_secrets_changed", "before", "after"],
            record.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("change", "update", "integration", "acme", "pd"), (Text("kind"), Text("action"), Text("type"), Text("organization"), Text("name")));
        Assert.Equal(("e1", "e2", "old", "new"), (Text("etag_before"), Text("etag_after"), Text("before", "description"), Text("after", "description")));
        Assert.Equal(("unix", "grpc_socket"), (Text("actor", "caller"), Text("actor", "listener")));

        string? Text(params string[] path) => path.Aggregate(record, (e, name) => e.GetProperty(name)).GetString();
    }

    [Fact]
    public void Change_OfAPolicy_HasItsJson()
    {
        var policy = new Policy { Name = "p", OrganizationId = "acme", OrgWide = true, Etag = "e1", Permissions = { ["ssh"] = new Struct { Fields = { ["shell"] = Value.ForBool(true) } } } };

        var created = JsonDocument.Parse(Rendered(LogEntry.Change(Ticks, ConfigurationChange.Of(null, policy)))).RootElement;
        var deleted = JsonDocument.Parse(Rendered(LogEntry.Change(Ticks, ConfigurationChange.Of(policy, null)))).RootElement;

        Assert.Equal("create", created.GetProperty("action").GetString());
        Assert.False(created.TryGetProperty("before", out _));
        Assert.True(created.GetProperty("after").GetProperty("org_wide").GetBoolean());
        Assert.True(created.GetProperty("after").GetProperty("permissions").GetProperty("ssh").GetProperty("shell").GetBoolean());
        Assert.Equal("delete", deleted.GetProperty("action").GetString());
        Assert.False(deleted.TryGetProperty("after", out _));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("192.0.2.1:22", "192.0.2.1")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    [InlineData("[2001:db8::1]:22", "2001:db8::1")]
    public void ClientIp_HasNoPort(string given, string told)
    {
        var line = Rendered(Told(Ticks, new EvaluateRequest { ClientIp = given }, new EvaluateResponse(), PolicySnapshot.Empty, null));

        Assert.Equal(told, JsonDocument.Parse(line).RootElement.GetProperty("client_ip").GetString());
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true)]
    [InlineData("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later", true)]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01", false)]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319\"-b7ad6b7169203331-01", false)]
    [InlineData("0af7651916cd43dd8448eb211c80319c", false)]
    [InlineData("", false)]
    public void TraceId_IsThatOfAValidTraceParentOnly(string header, bool isValid)
    {
        var line = Rendered(Told(Ticks, new EvaluateRequest(), new EvaluateResponse(), PolicySnapshot.Empty, header));

        Assert.Equal(isValid, JsonDocument.Parse(line).RootElement.TryGetProperty("trace_id", out _));
    }

    [Fact]
    public void EveryCode_HasItsNameInTheContract()
    {
        foreach (var code in System.Enum.GetValues<ReasonCode>())
        {
            var line = Rendered(Told(Ticks, new EvaluateRequest(), new EvaluateResponse { Reasons = { new Reason { Code = code } } }, PolicySnapshot.Empty, null));
            var told = JsonDocument.Parse(line).RootElement.GetProperty("reasons")[0].GetProperty("code").GetString()!;
            Assert.Equal($"ReasonCode{code}", string.Concat(told.Split('_').Select(p => p[0] + p[1..].ToLowerInvariant())));
        }
    }

    [Fact]
    public void AnyText_StaysInItsLine()
    {
        var nasty = "a\nb\r\u2028\"\\\u0000\ud800</script>" + new string('é', 5_000);
        var line = Rendered(Told(Ticks, new EvaluateRequest { SessionKey = nasty }, new EvaluateResponse(), PolicySnapshot.Empty, null));

        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.Equal(nasty.Replace('\ud800', '\ufffd'), JsonDocument.Parse(line).RootElement.GetProperty("session_key").GetString());
    }

    [Fact]
    public void Decision_CostsNoAllocation()
    {
        var entry = Told(
            Ticks,
            new EvaluateRequest { ConnectorId = "c1", UserEmail = "alice@example.com", ClientIp = "192.0.2.10:51000", SocketId = "bastion", SocketType = "ssh" },
            new EvaluateResponse { Decision = Decision.Deny, Reasons = { new Reason { Code = ReasonCode.NotOnCall, PolicyName = "responders", Message = "Not on call.", FactsAge = new Duration { Seconds = 1 } } } },
            Policies(("responders", "e1")),
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        _ = Rendered(entry);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            _lines.Clear();
            _renderer.Render(entry, _lines);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }

    private static LogEntry Told(long ticks, EvaluateRequest request, EvaluateResponse response, PolicySnapshot policies, string? traceParent) =>
        LogEntry.Decision(ticks, request, EvaluationAnswer.Of(response), policies, traceParent, null);

    private static PolicySnapshot Policies(params (string Name, string Etag)[] policies)
    {
        var catalog = new PolicyCatalog();
        catalog.Replace([.. policies.Select(p => new Policy { Name = p.Name, OrganizationId = "acme", OrgWide = true, Etag = p.Etag })], []);
        return catalog.Current;
    }

    /// <summary>The line; wrapped: with a line break where the expected text has one, for people who read it.</summary>
    private string Rendered(in LogEntry entry, bool wrapped = false)
    {
        _lines.Clear();
        _renderer.Render(entry, _lines);
        var line = Encoding.UTF8.GetString(_lines.Written);
        if (wrapped)
        {
            foreach (var first in (ReadOnlySpan<string>)["\"user\":", "\"client_ip\":\"2001", "\"condition\":\"integrations[0].require_be", "\"decision_time\"", "\"reasons\"", "{\"code\":\"REASON_CODE_SHADOW", "{\"code\":\"REASON_CODE_GRANTED\",\"policy\":\"every", "\"valid_until\""])
            {
                line = line.StartsWith("{\"kind\":\"revocation\"", StringComparison.Ordinal) && first == "\"user\":" ? line : line.Replace("," + first, ",\n" + first, StringComparison.Ordinal);
            }
        }

        return line;
    }
}
