using System.Net;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Grpc.Health.V1;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>A disk that takes nothing: decisions go on, what cannot be written says so, and nothing is left half-written.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SmallDisk _disk;
    private readonly HttpClient _http = new();

    public FullDiskTests() => _disk = new SmallDisk(_folder.Path("data"));

    public void Dispose()
    {
        _http.Dispose();
        _disk.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task FullDisk_DecidesOn_SaysWhatIsWrong_AndRecoversByItselfWithNothingHalfWritten()
    {
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        var incident = pagerDuty.Trigger("Payments are failing");
        List<string> policies = ["responders"];
        List<string> sessions;
        await using (var sidecar = await Sidecar.StartAsync(_folder, pagerDuty.BaseAddress))
        {
            await pagerDuty.ConnectAsync(sidecar);
            await StoryTests.CreatePolicyAsync(sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireIncident = true });
            await using var watch = await Watching.StartAsync(sidecar.Evaluation, new WatchSessionsRequest { ConnectorId = "c1" });
            Assert.StartsWith("ready\n", await ReadAsync(sidecar, "/readyz"), StringComparison.Ordinal);

            _disk.Fill(sidecar.Run.Id);
            var refused = await FailingWriteAsync(sidecar, policies);
            Assert.Equal((StatusCode.Unavailable, "STORAGE_UNAVAILABLE"), (refused.StatusCode, refused.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>().Reason));

            // What is in force is what was acknowledged.
            Assert.Equal(policies.Order(), await PoliciesAsync(sidecar));
            await FillSessionsAsync(sidecar, 0, 500);
            await Eventually.SeesAsync(
                async () => await ReadAsync(sidecar, "/readyz") is var said && said.StartsWith("degraded\n", StringComparison.Ordinal)
                    && said.Contains("configuration: ", StringComparison.Ordinal)
                    && said.Contains("sessions: ", StringComparison.Ordinal)
                    && said.Contains("decision_log: ", StringComparison.Ordinal) ? said : null,
                "what is not written, on /readyz");
            Assert.Contains("degraded", await ReadAsync(sidecar, "/healthz"), StringComparison.Ordinal);
            Assert.Matches(@"(?m)^pdsidecar_storage_troubles [1-9]", await ReadAsync(sidecar, "/metrics"));
            Assert.Equal(
                [true, true, false, false],
                await ServingAsync(sidecar, "", EvaluationService.Descriptor.FullName, IntegrationService.Descriptor.FullName, PolicyService.Descriptor.FullName));

            // Revocations are delivered, recorded or not; and so is what an administrator decides.
            pagerDuty.Resolve(incident);
            for (var i = 0; i < 500; i++)
            {
                Assert.NotNull((await watch.NextAsync()).SessionRevoked);
            }

            incident = pagerDuty.Trigger("Again");
            await Eventually.SeesAsync(async () => (await StoryTests.EvaluateAsync(sidecar, "")).Decision == Decision.Allow ? "allowed" : null, "the incident");
            await FillSessionsAsync(sidecar, 500, 40);

            _disk.MakeRoom(sidecar.Run.Id);
            await Eventually.SeesAsync(
                async () => (await ReadAsync(sidecar, "/readyz")).StartsWith("ready\n", StringComparison.Ordinal) ? "ready" : null, "ready again, without a restart");
            Assert.Equal([true, true], await ServingAsync(sidecar, "", PolicyService.Descriptor.FullName));
            await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = new Policy { Name = "after" } });
            policies.Add("after");
            sessions = await SessionsAsync(sidecar);
            Assert.Equal(40, sessions.Count);
            await sidecar.KillAsync();
        }

        // What was kept in memory meanwhile was written once there was room: a kill loses none of it.
        await using var again = await Sidecar.StartAsync(_folder, pagerDuty.BaseAddress);
        Assert.Equal(policies.Order(), await PoliciesAsync(again));
        Assert.Equal(sessions, await SessionsAsync(again));
    }

    [Fact]
    public async Task ReadOnlyDisk_IsRefusedAtTheStart_AndServedFromOnceItIsWritable()
    {
        await using (var sidecar = await Sidecar.StartAsync(_folder))
        {
            await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = StoryTests.Open("everybody") });
            sidecar.Run.Terminate();
            Assert.Equal(0, await sidecar.Run.ExitAsync());
        }

        // Where nothing can be made read-only, there is a directory that is so by nature.
        var data = _disk.TryMakeReadOnly() ? _folder.Path("data") : "/proc/self";
        await using (var run = ProgramRun.Start(
            BuildFacts.SidecarBinary, ["serve", "--data", data, "--grpc-socket", _folder.Path("grpc.sock"), "--grpc-tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]))
        {
            Assert.Equal(1, await run.ExitAsync());
            Assert.Contains(data, run.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        }

        _disk.MakeWritable();
        await using var again = await Sidecar.StartAsync(_folder);
        Assert.Equal(["everybody"], await PoliciesAsync(again));
    }

    /// <summary>Writes until the disk takes no more; what it took is added to the names.</summary>
    private static async Task<RpcException> FailingWriteAsync(Sidecar sidecar, List<string> written)
    {
        for (var i = 0; i < 1000; i++)
        {
            try
            {
                await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = new Policy { Name = $"filler-{i}", Description = new string('x', 1000) } });
                written.Add($"filler-{i}");
            }
            catch (RpcException e)
            {
                return e;
            }
        }

        throw new InvalidOperationException("the disk took everything");
    }

    private static async Task FillSessionsAsync(Sidecar sidecar, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            Assert.Equal(Decision.Allow, (await StoryTests.EvaluateAsync(sidecar, $"s{i:0000}")).Decision);
        }
    }

    private static async Task<List<string>> PoliciesAsync(Sidecar sidecar) =>
        [.. (await sidecar.Policies.ListPoliciesAsync(new ListPoliciesRequest { PageSize = 1000 })).Policies.Select(p => p.Name).Order()];

    private static async Task<List<string>> SessionsAsync(Sidecar sidecar) =>
        [.. (await sidecar.Evaluation.ListSessionsAsync(new ListSessionsRequest { PageSize = 1000 })).Sessions.Select(s => s.SessionKey)];

    private static async Task<List<bool>> ServingAsync(Sidecar sidecar, params string[] services)
    {
        var serving = new List<bool>();
        foreach (var service in services)
        {
            serving.Add((await sidecar.Health.CheckAsync(new HealthCheckRequest { Service = service })).Status == HealthCheckResponse.Types.ServingStatus.Serving);
        }

        return serving;
    }

    private async Task<string> ReadAsync(Sidecar sidecar, string path)
    {
        using var answer = await _http.GetAsync(new Uri(sidecar.Http, path));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }
}
