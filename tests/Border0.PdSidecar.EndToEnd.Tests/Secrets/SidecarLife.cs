using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Faults;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;

namespace Border0.PdSidecar.EndToEnd.Tests.Secrets;

/// <summary>
/// Everything that happens to a sidecar that holds secrets, as real processes over one data directory and a simulated PagerDuty, with what
/// can be seen of it collected.
/// </summary>
internal sealed class SidecarLife(Planted planted, Evidence evidence, TemporaryFolder folder) : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private readonly DemoAccount _demo = new(TimeProvider.System);
    private SimulatorServer _pagerDuty = null!;
    private string _adminToken = "";

    private string Data => folder.Path("data");

    private string KeyFile => Path.Combine(Data, "encryption.key");

    private IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["PDSIDECAR_DECISION_LOG_FILE"] = folder.Path(planted.Canary) };

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _pagerDuty.DisposeAsync();
    }

    /// <summary>Begins: PagerDuty has keys, the sidecar has tokens.</summary>
    public async Task BeginAsync()
    {
        _demo.Account.AddKey(planted.ApiKey);
        _demo.Account.AddKey(planted.NextApiKey);
        _demo.Account.AddKey(planted.OtherApiKey);
        _pagerDuty = await SimulatorServer.StartAsync(_demo.Account);
        _adminToken = await TokenAsync("admin");
    }

    /// <summary>A day with everything in it, at the end of which it is killed.</summary>
    public async Task LiveAsync()
    {
        await using var sidecar = await StartAsync("console");
        planted.PlantKeys("a storage key", KeyFile);
        await SetUpAsync(sidecar);
        await WorkAsync(sidecar);
        await WebhooksAsync(sidecar);
        await TroubleAsync(sidecar);
        await MistakesAsync(sidecar);
        await RotateAsync();
        await WorkAsync(sidecar);
        await LookAsync(sidecar);
        await sidecar.KillAsync();
        Take(sidecar);
    }

    /// <summary>The next day, with what was kept of the first.</summary>
    public async Task LiveOnAsync()
    {
        await using var sidecar = await StartAsync("json");
        await WorkAsync(sidecar);
        await MistakesAsync(sidecar);
        await LookAsync(sidecar);
        sidecar.Run.Terminate();
        Assert.Equal(0, await sidecar.Run.ExitAsync());
        Take(sidecar);
    }

    /// <summary>Ends with a signal on which the system writes the memory to a file, where it may.</summary>
    public async Task CrashAsync()
    {
        await using var sidecar = await StartAsync("console");
        await CallAsync("Evaluate", sidecar.Evaluation.EvaluateAsync(Request("s9")));
        Assert.Matches(@"(?m)^Max core file size +0 ", await File.ReadAllTextAsync($"/proc/{sidecar.Run.Id}/limits"));
        await Eventually.SeesAsync(
            () =>
            {
                // The runtime's own handler may take the first for itself.
                sidecar.Run.Abort();
                return sidecar.Run.HasExited ? "over" : null;
            },
            "the end of the process");
        Assert.NotEqual(0, await sidecar.Run.ExitAsync());
        evidence.Add("crash output", sidecar.Run.Output + sidecar.Run.Errors);
        Take(sidecar);
    }

    /// <summary>Does not come up, for a listener that cannot be: what is thrown then nobody has foreseen.</summary>
    public async Task FailToStartAsync()
    {
        await RefusedAsync("crash output", "--grpc-socket", Path.Combine(folder.Path(planted.Canary), "socket"));
        var keys = await File.ReadAllBytesAsync(KeyFile);
        File.Delete(KeyFile);
        await RefusedAsync("refusal to start");
        await File.WriteAllBytesAsync(KeyFile, keys);
        await File.WriteAllTextAsync(Path.Combine(Data, "tokens.json"), $$"""{"tokens":[{"id":"1","name":"a","hash":"{{_adminToken}}"}], {{_adminToken}}""");
        await RefusedAsync("refusal to start");
        File.Delete(Path.Combine(Data, "tokens.json"));
        await RefusedAsync("refusal to start", "--pagerduty-base-url", $"http://u:{planted.UrlPassword}@127.0.0.1:1");
        var config = folder.Path("config.json");
        await File.WriteAllTextAsync(config, $$"""{"api_key": "{{planted.ApiKey}}", "pagerduty_base_url": "https://u:{{planted.UrlPassword}}@pagerduty.test"}""");
        await RefusedAsync("refusal to start", "--config", config);
        File.Delete(config);
        using (var database = File.OpenWrite(Path.Combine(Data, "pdsidecar.db")))
        {
            database.SetLength(database.Length / 2);
        }

        await RefusedAsync("refusal to start");
    }

    private async Task<Sidecar> StartAsync(string format) => await Sidecar.StartAsync(
        folder, _pagerDuty.BaseAddress, Environment, "--log-level", "trace", "--log-format", format, "--decision-log", "file,stdout", "--default-organization", planted.Canary);

    private async Task SetUpAsync(Sidecar sidecar)
    {
        var integration = new Integration { Name = planted.Canary, Description = planted.Canary, ApiKey = planted.ApiKey, WebhookSecrets = { planted.WebhookSecret } };
        await CallAsync("CreateIntegration", sidecar.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = integration }));
        _demo.Account.Subscribe(Webhooks(sidecar), planted.WebhookSecret);
        await CallAsync("CreatePolicy", sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest
        {
            Policy = new Policy
            {
                Name = planted.Canary,
                OrgWide = true,
                Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
                Integrations = { new IntegrationCondition { IntegrationName = planted.Canary, PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = _demo.Payments.Id, RequireBeOncall = true } } },
            },
        }));
    }

    private async Task WorkAsync(Sidecar sidecar)
    {
        var session = $"{Guid.NewGuid():N}";
        await CallAsync("SyncIntegration", sidecar.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = planted.Canary }));
        await CallAsync("CheckIntegration", sidecar.Integrations.CheckIntegrationAsync(new CheckIntegrationRequest { Name = planted.Canary }));
        await CallAsync("CheckIntegration", sidecar.Integrations.CheckIntegrationAsync(new CheckIntegrationRequest { ApiKey = planted.OtherApiKey }));
        await CallAsync("CheckIntegration", sidecar.Integrations.CheckIntegrationAsync(new CheckIntegrationRequest { ApiKey = planted.WrongApiKey }));
        await CallAsync("ListPagerDutyServices", sidecar.Integrations.ListPagerDutyServicesAsync(new ListPagerDutyServicesRequest { IntegrationName = planted.Canary }));
        var token = new Metadata { { "authorization", "Bearer " + await TokenAsync("connector") } };
        await Eventually.SeesAsync(
            async () => await CallAsync("Evaluate", sidecar.Evaluation.EvaluateAsync(Request(session), token)) is { Decision: Decision.Allow } allowed ? allowed : null, "an allow");
        await using var watch = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });
        await CallAsync("RevokeSession", sidecar.Sessions.RevokeSessionAsync(new RevokeSessionRequest { ConnectorId = "c1", SessionKey = session, Reason = "seen enough" }));
        evidence.Add("WatchSessions", watch.First.ToByteArray());
        await CallAsync("ListSessions", sidecar.Sessions.ListSessionsAsync(new ListSessionsRequest()));
    }

    private async Task WebhooksAsync(Sidecar sidecar)
    {
        var incident = _demo.Account.TriggerIncident(_demo.Payments, "down");
        await _pagerDuty.DrainWebhooksAsync();
        Assert.Contains(_pagerDuty.WebhookAnswers, a => a.Status == 202);
        foreach (var signature in (string?[])[$"v1={Sign("{}", "wrong")}", $"v1={Sign("{}", planted.WebhookSecret)}", $"v1={planted.WebhookSecret}", planted.WebhookSecret, null])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Webhooks(sidecar)) { Content = new StringContent("{}") };
            if (signature is not null)
            {
                request.Headers.TryAddWithoutValidation("X-PagerDuty-Signature", signature);
            }

            using var answer = await _http.SendAsync(request);
            evidence.Add("webhook answer", $"{answer}\n{await answer.Content.ReadAsStringAsync()}");
        }

        await UpdateAsync(sidecar, new Integration { WebhookSecrets = { planted.NextWebhookSecret } });
        _demo.Account.Resolve(incident);
        await _pagerDuty.DrainWebhooksAsync();
        Assert.Contains(_pagerDuty.WebhookAnswers, a => a.Status == 403);
        await UpdateAsync(sidecar, new Integration { WebhookSecrets = { planted.WebhookSecret } });
    }

    private async Task TroubleAsync(Sidecar sidecar)
    {
        await UpdateAsync(sidecar, new Integration { ApiKey = planted.WrongApiKey });
        await SyncAsync(sidecar);
        await UpdateAsync(sidecar, new Integration { ApiKey = planted.ApiKey });

        // What repeats the key comes first: after some failures of the network PagerDuty is left alone.
        foreach (var (kind, status) in ((FaultKind, int)[])
            [(FaultKind.Echo, 400), (FaultKind.Echo, 401), (FaultKind.Echo, 403), (FaultKind.Echo, 404), (FaultKind.GarbledBody, 200), (FaultKind.MissingField, 200), (FaultKind.Reset, 0)])
        {
            _pagerDuty.Faults.Add(new Fault { Kind = kind, Status = status });
            await SyncAsync(sidecar);
            await CallAsync("CheckIntegration", sidecar.Integrations.CheckIntegrationAsync(new CheckIntegrationRequest { ApiKey = planted.OtherApiKey }));
            _pagerDuty.Faults.Clear();
        }

        await UpdateAsync(sidecar, new Integration { ApiKey = planted.NextApiKey });
    }

    /// <summary>Secrets where they do not belong, and what is wrong in other ways.</summary>
    private async Task MistakesAsync(Sidecar sidecar)
    {
        var integrations = sidecar.Integrations;
        foreach (var wrong in (Integration[])
            [
                new() { Name = planted.Canary, ApiKey = planted.ApiKey },
                new() { Name = "bad", ApiKey = planted.BadApiKey },
                new() { Name = "long", ApiKey = planted.LongApiKey, WebhookSecrets = { planted.LongWebhookSecret } },
                new() { Name = "many", ApiKey = planted.ApiKey, WebhookSecrets = { Enumerable.Repeat(planted.WebhookSecret, 20) } },
                new() { Name = "url", ApiKey = planted.ApiKey, BaseUrl = $"https://u:{planted.UrlPassword}@pagerduty.test" },
            ])
        {
            Assert.Null(await CallAsync("CreateIntegration", integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = wrong })));
        }

        await CallAsync("UpdateIntegration", integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest
        {
            Integration = new Integration { Name = planted.Canary, ApiKey = planted.ApiKey, Etag = "stale" },
        }));
        await CallAsync("UpdateIntegration", integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest
        {
            Integration = new Integration { Name = planted.Canary, ApiKey = planted.ApiKey },
            UpdateMask = new() { Paths = { "api_key.nothing", "integration.api_key" } },
        }));
        await CallAsync("UpdateIntegration", integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest { Integration = new Integration { Name = "nobody-" + planted.Canary[..20], ApiKey = planted.ApiKey } }));
        await CallAsync("DeleteIntegration", integrations.DeleteIntegrationAsync(new DeleteIntegrationRequest { Name = planted.Canary }));
        var tcp = sidecar.OverTcp();
        foreach (var credentials in (string[])["Bearer " + planted.UnknownToken, "Bearer " + planted.MistakenToken, planted.MistakenToken, "Basic " + planted.MistakenToken, $"Bearer {_adminToken}x", $"Bearer {_adminToken}"])
        {
            var headers = new Metadata { { "authorization", credentials } };
            await CallAsync("EndSession", new EvaluationService.EvaluationServiceClient(tcp).EndSessionAsync(new EndSessionRequest { ConnectorId = "c1", SessionKey = "none" }, headers));
            await CallAsync("ListIntegrations", new IntegrationService.IntegrationServiceClient(tcp).ListIntegrationsAsync(new ListIntegrationsRequest(), headers));
        }

        // What no client library sends: headers that are none.
        foreach (var head in (string[])[$"Authorization Bearer {_adminToken}", $"Authorization: Bearer {_adminToken}\0", $"Authorization: {_adminToken}\rX: y", $"{_adminToken}"])
        {
            using var client = new TcpClient();
            await client.ConnectAsync(sidecar.Http.Host, sidecar.Http.Port);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes($"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n\r\n"));
            using var reader = new StreamReader(stream);
            evidence.Add("webhook answer", await reader.ReadToEndAsync());
        }
    }

    private async Task RotateAsync()
    {
        await RunAsync("pdsidecar keys rotate", "keys", "rotate", "--data", Data);
        planted.PlantKeys("a storage key", KeyFile);
        await using var check = ProgramRun.Start(
            BuildFacts.SidecarBinary, ["check", "--pagerduty-base-url", _pagerDuty.BaseAddress.ToString()], input: planted.OtherApiKey + "\n");
        await check.ExitAsync();
        evidence.Add("pdsidecar check", check.Output + check.Errors);
    }

    private async Task LookAsync(Sidecar sidecar)
    {
        await CallAsync("ListIntegrations", sidecar.Integrations.ListIntegrationsAsync(new ListIntegrationsRequest()));
        await CallAsync("GetIntegration", sidecar.Integrations.GetIntegrationAsync(new GetIntegrationRequest { Name = planted.Canary }));
        await CallAsync("ListPolicies", sidecar.Policies.ListPoliciesAsync(new ListPoliciesRequest()));
        using (var call = new ServerReflection.ServerReflectionClient(sidecar.Channel).ServerReflectionInfo())
        {
            foreach (var question in (ServerReflectionRequest[])
                [
                    new() { ListServices = "" }, new() { FileContainingSymbol = IntegrationService.Descriptor.FullName }, new() { FileByFilename = Integration.Descriptor.File.Name },
                    new() { FileContainingSymbol = planted.ApiKey },
                ])
            {
                await call.RequestStream.WriteAsync(question);
                Assert.True(await call.ResponseStream.MoveNext(default));

                // It repeats the question, as it must.
                call.ResponseStream.Current.OriginalRequest = null;
                evidence.Add("reflection", call.ResponseStream.Current.ErrorResponse is null ? call.ResponseStream.Current.ToByteArray() : []);
            }
        }

        foreach (var page in (string[])["/metrics", "/healthz", "/readyz", "/nothing"])
        {
            using var answer = await _http.GetAsync(new Uri(sidecar.Http, page));
            evidence.Add("page " + page, $"{answer}\n{await answer.Content.ReadAsStringAsync()}");
        }

        foreach (var what in (string[])["cmdline", "environ", "status", "limits"])
        {
            evidence.Add("/proc/PID/" + what, await File.ReadAllBytesAsync($"/proc/{sidecar.Run.Id}/{what}"));
        }

        await SidecarTools.LookAsync(sidecar, planted, evidence);

        // While it runs, the write-ahead logs hold what the databases do not yet.
        evidence.AddFiles(folder.Path(""));
        await RunAsync("pdsidecar token list", "token", "list", "--data", Data);
    }

    private void Take(Sidecar sidecar)
    {
        evidence.Add("log", sidecar.Run.Output + sidecar.Run.Errors);
        evidence.AddFiles(folder.Path(""));
    }

    private async Task RefusedAsync(string place, params string[] more)
    {
        await using var run = ProgramRun.Start(
            BuildFacts.SidecarBinary,
            ["serve", "--data", Data, "--grpc-tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--log-level", "trace", .. more],
            environment: Environment);
        Assert.NotEqual(0, await run.ExitAsync());
        Assert.NotEmpty(run.Errors);
        evidence.Add(place, run.Output + run.Errors);
    }

    private async Task RunAsync(string place, params string[] arguments)
    {
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, arguments);
        Assert.Equal(0, await run.ExitAsync());
        evidence.Add(place, run.Output + run.Errors);
    }

    private async Task<string> TokenAsync(string role)
    {
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, ["token", "create", "--role", role, "--name", $"{role}-{Guid.NewGuid():N}", "--data", Data]);
        Assert.Equal(0, await run.ExitAsync());
        return planted.Plant($"a token with role {role}", run.Output.Trim());
    }

    private Task<T?> CallAsync<T>(string method, AsyncUnaryCall<T> call)
        where T : class, IMessage => evidence.CallAsync(method, call);

    private async Task SyncAsync(Sidecar sidecar)
    {
        await CallAsync("SyncIntegration", sidecar.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = planted.Canary }));
        await CallAsync("GetIntegration", sidecar.Integrations.GetIntegrationAsync(new GetIntegrationRequest { Name = planted.Canary }));
    }

    private async Task UpdateAsync(Sidecar sidecar, Integration change)
    {
        change.Name = planted.Canary;
        Assert.NotNull(await CallAsync("UpdateIntegration", sidecar.Integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest { Integration = change })));
    }

    private Uri Webhooks(Sidecar sidecar) => new(sidecar.Http, $"/webhooks/pagerduty/v3/{planted.Canary}");

    private static string Sign(string body, string secret) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)));

    private static EvaluateRequest Request(string session) =>
        new() { ConnectorId = "c1", SocketId = "bastion", SocketType = "ssh", UserEmail = "alice@example.com", ClientIp = "192.0.2.10", SessionKey = session };
}
