using System.Net;
using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace Border0.PdSidecar.Tests.Rpc;

/// <summary>What every RPC answers to what it should and should not be asked, over a real channel and a simulated PagerDuty.</summary>
public sealed class RpcTests : IAsyncLifetime
{
    private DemoAccount _account = null!;
    private SimulatorServer _pagerDuty = null!;
    private RunningHost _host = null!;

    private IntegrationService.IntegrationServiceClient Integrations => new(_host.Channel);

    private PolicyService.PolicyServiceClient Policies => new(_host.Channel);

    private EvaluationService.EvaluationServiceClient Evaluation => new(_host.Channel);

    public async Task InitializeAsync()
    {
        _account = new DemoAccount(TimeProvider.System);
        _pagerDuty = await SimulatorServer.StartAsync(_account.Account);
        _host = await RunningHost.StartAsync(default, _pagerDuty.BaseAddress);
        await Integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = Pd("pd") });
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _pagerDuty.DisposeAsync();
    }

    [Fact]
    public async Task CreateIntegration_Bad_NamesEveryFieldAtOnce()
    {
        var bad = new Integration { Name = "-x", ApiKey = "a b", Region = (Region)9, BaseUrl = "http://192.0.2.1" };
        var refused = await RefusedAsync(StatusCode.InvalidArgument, async () => await Integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = bad }));

        Assert.Equal(
            ["integration.api_key", "integration.base_url", "integration.name", "integration.region"],
            refused.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field).Order(StringComparer.Ordinal));
        Assert.Equal("INVALID_FIELDS", refused.GetDetail<ErrorInfo>()!.Reason);
    }

    [Fact]
    public async Task CreateIntegration_OfTheSameNameInAnotherCase_AlreadyExists() =>
        await RefusedAsync(StatusCode.AlreadyExists, async () => await Integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = Pd("PD") }));

    [Fact]
    public async Task Integration_NeverShowsItsSecrets()
    {
        await Integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest { Integration = new Integration { Name = "pd", WebhookSecrets = { "hush hush hush" } } });
        var shown = await Integrations.GetIntegrationAsync(new GetIntegrationRequest { Name = "pd" });
        var listed = await Integrations.ListIntegrationsAsync(new ListIntegrationsRequest());

        Assert.DoesNotContain(DemoAccount.ReadOnlyKey, shown + "" + listed, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", shown + "" + listed, StringComparison.Ordinal);
        Assert.Equal((DemoAccount.ReadOnlyKey[^4..], 1), (shown.Integration.ApiKeyHint, shown.Integration.WebhookSecretCount));
    }

    [Fact]
    public async Task UpdateIntegration_KeepsTheKey_ChecksTheEtag_AndDoesNotRename()
    {
        var first = (await Integrations.GetIntegrationAsync(new GetIntegrationRequest { Name = "pd" })).Integration;
        var updated = (await Integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest
        {
            Integration = new Integration { Name = "pd", Description = "ours", Etag = first.Etag },
            UpdateMask = new FieldMask { Paths = { "*" } },
        })).Integration;

        Assert.Equal(("ours", first.ApiKeyHint), (updated.Description, updated.ApiKeyHint));
        Assert.NotEqual(first.Etag, updated.Etag);
        Assert.True((await Integrations.CheckIntegrationAsync(new CheckIntegrationRequest { Name = "pd" })).Usable);
        await RefusedAsync(StatusCode.Aborted, async () => await Integrations.UpdateIntegrationAsync(
            new UpdateIntegrationRequest { Integration = new Integration { Name = "pd", Description = "lost", Etag = first.Etag } }));
        var renamed = await RefusedAsync(StatusCode.InvalidArgument, async () => await Integrations.UpdateIntegrationAsync(
            new UpdateIntegrationRequest { Integration = new Integration { Name = "pd" }, UpdateMask = new FieldMask { Paths = { "name" } } }));
        Assert.Equal("integration.name", Assert.Single(renamed.GetDetail<BadRequest>()!.FieldViolations).Field);
    }

    [Fact]
    public async Task DeleteIntegration_InUse_IsRefused_UnlessForced_AndThenItsPoliciesDeny()
    {
        await CreateAsync(OnCall("p"));
        var refused = await RefusedAsync(StatusCode.FailedPrecondition, async () => await Integrations.DeleteIntegrationAsync(new DeleteIntegrationRequest { Name = "pd" }));
        Assert.Contains("p", refused.Message, StringComparison.Ordinal);

        var deleted = await Integrations.DeleteIntegrationAsync(new DeleteIntegrationRequest { Name = "pd", Force = true });

        Assert.Equal(["p"], deleted.OrphanedPolicies);
        Assert.Equal(ReasonCode.IntegrationNotFound, Assert.Single((await EvaluateAsync("")).Reasons).Code);
        await RefusedAsync(StatusCode.NotFound, async () => await Integrations.GetIntegrationAsync(new GetIntegrationRequest { Name = "pd" }));
    }

    [Fact]
    public async Task Lists_ComeInPages_AndABadTokenIsRefused()
    {
        foreach (var name in (string[])["b", "a", "C"])
        {
            await CreateAsync(new Policy { Name = name });
        }

        var first = await Policies.ListPoliciesAsync(new ListPoliciesRequest { PageSize = 2 });
        var second = await Policies.ListPoliciesAsync(new ListPoliciesRequest { PageSize = 2, PageToken = first.NextPageToken });

        Assert.Equal(["a", "b", "C"], first.Policies.Concat(second.Policies).Select(p => p.Name));
        Assert.Equal("", second.NextPageToken);
        await RefusedAsync(StatusCode.InvalidArgument, async () => await Policies.ListPoliciesAsync(new ListPoliciesRequest { PageToken = "?" }));
    }

    [Fact]
    public async Task CreatePolicy_NoOp_IsAcceptedWithAWarning()
    {
        var noOp = OnCall("p");
        noOp.Integrations[0].PagerdutyOncall.RequireBeOncall = false;

        Assert.Contains("NO_OP_CONDITION", (await CreateAsync(noOp)).Warnings.Select(w => w.Code));
    }

    [Fact]
    public async Task CreatePolicy_OfAServiceThatDoesNotExist_IsRefusedByItsField()
    {
        var wrong = OnCall("p");
        wrong.Integrations[0].PagerdutyOncall.ServiceId = "PNONE";
        var refused = await RefusedAsync(StatusCode.InvalidArgument, async () => await CreateAsync(wrong));

        Assert.Equal("policy.integrations[0].pagerduty_oncall.service_id", Assert.Single(refused.GetDetail<BadRequest>()!.FieldViolations).Field);
        await RefusedAsync(StatusCode.NotFound, async () => await Policies.GetPolicyAsync(new GetPolicyRequest { Name = "p" }));
    }

    [Fact]
    public async Task CreatePolicy_WhilePagerDutyIsBroken_IsAcceptedWithAWarning()
    {
        _pagerDuty.Faults.Add(new Simulator.Faults.Fault { Kind = Simulator.Faults.FaultKind.Status, Status = 500 });

        Assert.Contains("SERVICE_NOT_VERIFIED", (await CreateAsync(OnCall("p"))).Warnings.Select(w => w.Code));
    }

    [Fact]
    public async Task Policy_AsBorder0sDocument_GoesInAndOut()
    {
        var document = JsonParser.Default.Parse<Struct>($$"""
            {
              "version": "v1", "action": ["ssh:*"], "condition": { "who": { "email": ["alice@example.com"] } },
              "integrations": [{ "integration_name": "pd", "configuration": { "service_id": "{{_account.Payments.Id}}", "require_be_oncall": true } }]
            }
            """);
        await Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = new Policy { Name = "p", OrgWide = true }, PolicyDocument = document });
        var read = await Policies.GetPolicyAsync(new GetPolicyRequest { Name = "p", PolicyDocumentVersion = "v1" });

        Assert.Equal(document.Fields["action"], read.PolicyDocument.Fields["action"]);
        Assert.Empty(read.PolicyDocumentLosses);
        Assert.Equal(V1.Decision.Allow, (await EvaluateAsync("")).Decision);
        await Policies.UpdatePolicyAsync(new UpdatePolicyRequest
        {
            Policy = new Policy { Name = "p" },
            PolicyDocument = JsonParser.Default.Parse<Struct>("""{ "version": "v1", "action": ["database:*"] }"""),
        });
        var changed = (await Policies.GetPolicyAsync(new GetPolicyRequest { Name = "p" })).Policy;
        Assert.Equal(("database", true), (Assert.Single(changed.Actions).Key, changed.OrgWide));
        Assert.Empty(changed.Integrations);
    }

    [Fact]
    public async Task UpdatePolicy_TwiceWithOneEtag_ExactlyOneWins()
    {
        var etag = (await CreateAsync(new Policy { Name = "p" })).Etag;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            try
            {
                await Policies.UpdatePolicyAsync(new UpdatePolicyRequest { Policy = new Policy { Name = "p", Etag = etag, Description = $"{i}" } });
                return StatusCode.OK;
            }
            catch (RpcException e)
            {
                return e.StatusCode;
            }
        }));

        Assert.Single(outcomes, StatusCode.OK);
        Assert.Equal(7, outcomes.Count(o => o == StatusCode.Aborted));
    }

    [Fact]
    public async Task AttachAndDetach_ChangeWhatThePolicyReaches()
    {
        await CreateAsync(new Policy { Name = "p", Actions = { ["ssh"] = new ActionList { Values = { "*" } } } });
        Assert.Equal(ReasonCode.NoPolicy, (await EvaluateAsync("")).Reasons[0].Code);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            Policies.AttachPolicyAsync(new AttachPolicyRequest { Name = "p", SocketIds = { $"other-{i}", "bastion" } }).ResponseAsync));
        Assert.Equal(9, (await Policies.GetPolicyAsync(new GetPolicyRequest { Name = "p" })).Policy.SocketIds.Count);
        Assert.Equal(V1.Decision.Allow, (await EvaluateAsync("")).Decision);

        await Policies.DetachPolicyAsync(new DetachPolicyRequest { Name = "p", SocketIds = { "bastion" } });
        Assert.Equal(ReasonCode.NoPolicy, (await EvaluateAsync("")).Reasons[0].Code);
    }

    [Fact]
    public async Task TestPolicy_SavedAndUnsaved_SayTheSame()
    {
        await CreateAsync(OnCall("p"));
        var saved = await Policies.TestPolicyAsync(new TestPolicyRequest { Name = "p", UserEmail = "bob@example.com", SocketType = "ssh" });
        var unsaved = await Policies.TestPolicyAsync(new TestPolicyRequest { Policy = OnCall("p"), UserEmail = "bob@example.com", SocketType = "ssh" });
        var later = await Policies.TestPolicyAsync(
            new TestPolicyRequest { Name = "p", UserEmail = "bob@example.com", Time = _account.HandOver.AddMinutes(1).ToTimestamp() });

        Assert.Equal(V1.Decision.Deny, saved.Decision);
        Assert.Equal(ReasonCode.NotOnCall, Assert.Single(saved.Reasons).Code);
        Assert.Equal(saved.Reasons[0].Code, Assert.Single(unsaved.Reasons).Code);
        Assert.Equal(V1.Decision.Allow, later.Decision);
        var who = await Policies.ListEligibleUsersAsync(new ListEligibleUsersRequest { Name = "p" });
        Assert.True(who.Users[0].EligibleNow);
        Assert.Contains("bob@example.com", who.Users.Select(u => u.UserEmail));
        await RefusedAsync(StatusCode.InvalidArgument, async () => await Policies.TestPolicyAsync(new TestPolicyRequest { Name = "p" }));
        Assert.Empty((await Evaluation.ListSessionsAsync(new ListSessionsRequest())).Sessions);
    }

    [Fact]
    public async Task Evaluate_OfAKeyInUse_FailsAndChangesNothing()
    {
        await CreateAsync(new Policy { Name = "p", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } });
        await EvaluateAsync("s1");

        var refused = await RefusedAsync(StatusCode.FailedPrecondition, async () => await EvaluateAsync("s1", "bob@example.com"));

        Assert.Equal("SESSION_KEY_IN_USE", refused.GetDetail<ErrorInfo>()!.Reason);
        Assert.Equal("alice@example.com", Assert.Single((await Evaluation.ListSessionsAsync(new ListSessionsRequest())).Sessions).UserEmail);
    }

    [Fact]
    public async Task EvaluateStream_AnswersEveryRequestByItsId_TheBadOnesAsFailures()
    {
        await CreateAsync(new Policy { Name = "p", OrgWide = true, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } });
        using var call = Evaluation.EvaluateStream();
        var message = new EvaluateStreamRequest();
        for (var i = 0; i < 20; i++)
        {
            message.Requests.Add(i == 7 ? new EvaluateRequest { RequestId = "7" } : Request($"{i}"));
        }

        await call.RequestStream.WriteAsync(message);
        await call.RequestStream.CompleteAsync();
        var answers = await call.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Equal(19, answers.Sum(a => a.Responses.Count(r => r.Decision == V1.Decision.Allow)));
        var failure = Assert.Single(answers.SelectMany(a => a.Failures));
        Assert.Equal(("7", (int)StatusCode.InvalidArgument, "INVALID_FIELDS"), (failure.RequestId, failure.Code, failure.Reason));
    }

    [Fact]
    public async Task Evaluate_OfAServiceThatPagerDutyDoesNotTellOf_DeniesWithinItsDeadline_AndSaysSo()
    {
        _pagerDuty.Faults.Add(new Simulator.Faults.Fault { Kind = Simulator.Faults.FaultKind.Hang });
        await CreateAsync(OnCall("p"));

        var answer = await Evaluation.EvaluateAsync(Request("1"), deadline: DateTime.UtcNow.AddSeconds(9));

        Assert.Equal((V1.Decision.Deny, ReasonCode.FactsUnknown), (answer.Decision, Assert.Single(answer.Reasons).Code));
    }

    [Theory]
    [InlineData("signed", HttpStatusCode.Accepted)]
    [InlineData("forged", HttpStatusCode.Forbidden)]
    [InlineData("unsigned", HttpStatusCode.BadRequest)]
    [InlineData("unknown integration", HttpStatusCode.NotFound)]
    [InlineData("huge", HttpStatusCode.RequestEntityTooLarge)]
    public async Task Webhook_IsAnsweredAsPagerDutyNeedsIt(string kind, HttpStatusCode status)
    {
        await Integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest { Integration = new Integration { Name = "pd", WebhookSecrets = { "s3cret" } } });
        var body = kind == "huge" ? new byte[3 * 1024 * 1024] : Encoding.UTF8.GetBytes("""{"event":{"id":"1","event_type":"pagey.ping","resource_type":"pagey","occurred_at":"2026-11-23T12:00:00.000Z","agent":null,"client":null,"data":{"message":"Hello","type":"ping"}}}""");
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"http://{_host.Host.Endpoints.Http}/webhooks/pagerduty/v3/{(kind == "unknown integration" ? "nobody" : "pd")}")
        { Content = new ByteArrayContent(body) };
        if (kind != "unsigned")
        {
            var secret = Encoding.UTF8.GetBytes(kind == "forged" ? "another" : "s3cret");
            request.Headers.Add("X-PagerDuty-Signature", "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(secret, body)));
        }

        using var answer = await http.SendAsync(request);

        Assert.Equal(status, answer.StatusCode);
    }

    private static Integration Pd(string name) => new() { Name = name, ApiKey = DemoAccount.ReadOnlyKey };

    private static EvaluateRequest Request(string id) => new() { RequestId = id, SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com" };

    private Policy OnCall(string name) => new()
    {
        Name = name,
        OrgWide = true,
        Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
        Integrations =
        {
            new IntegrationCondition
            {
                IntegrationName = "pd", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = _account.Payments.Id, RequireBeOncall = true },
            },
        },
    };

    private async Task<Policy> CreateAsync(Policy policy) => (await Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = policy })).Policy;

    private async Task<EvaluateResponse> EvaluateAsync(string sessionKey, string user = "alice@example.com") => await Evaluation.EvaluateAsync(
        new EvaluateRequest { ConnectorId = "c1", SocketId = "bastion", SocketType = "ssh", UserEmail = user, SessionKey = sessionKey });

    private static async Task<Google.Rpc.Status> RefusedAsync(StatusCode code, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal(code, refused.StatusCode);
        return refused.GetRpcStatus()!;
    }
}
