using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>A key that PagerDuty refuses, and what an administrator sees of it.</summary>
public class WrongKeyTests
{
    [Fact]
    public async Task WrongKey_ShowsInTheStatus_AndDenies()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        await pagerDuty.ConnectAsync(sidecar, apiKey: "not-a-key-of-this-account");
        await StoryTests.CreatePolicyAsync(sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireBeOncall = true });

        var denied = await StoryTests.EvaluateAsync(sidecar, "s1");
        Assert.Equal(Decision.Deny, denied.Decision);
        Assert.Equal(ReasonCode.IntegrationUnauthorized, Assert.Single(denied.Reasons).Code);

        var seen = await Eventually.SeesAsync(
            async () => (await sidecar.Integrations.GetIntegrationAsync(new GetIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName })).Integration is var i
                && i.Status.State == IntegrationState.Unauthorized ? i : null,
            "the status UNAUTHORIZED");
        Assert.NotEmpty(seen.Status.Message);
        Assert.Equal("", seen.ApiKey);
        Assert.Equal("ount", seen.ApiKeyHint);

        var check = await sidecar.Integrations.CheckIntegrationAsync(new CheckIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName });
        Assert.False(check.KeyValid);
        var sync = await Assert.ThrowsAsync<RpcException>(async () =>
            await sidecar.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName }));
        Assert.Equal(StatusCode.FailedPrecondition, sync.StatusCode);

        await sidecar.Integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest
        {
            Integration = new Integration { Name = SimulatedPagerDuty.IntegrationName, ApiKey = DemoAccount.ReadOnlyKey },
        });
        var allowed = await Eventually.SeesAsync(
            async () => await StoryTests.EvaluateAsync(sidecar, "s1") is { Decision: Decision.Allow } a ? a : null, "an allow with the right key");
        Assert.Equal("s1", allowed.SessionKey);
    }

    [Theory]
    [InlineData(DemoAccount.ReadOnlyKey, 0)]
    [InlineData("not-a-key-of-this-account", 1)]
    [InlineData("", 2)]
    public async Task Check_ReadsTheKeyFromStandardInput_AndSaysWhatWorks(string key, int exitCode)
    {
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var run = ProgramRun.Start(
            BuildFacts.SidecarBinary, ["check", "--pagerduty-base-url", pagerDuty.BaseAddress.ToString()], input: key + "\n");

        var code = await run.ExitAsync();

        Assert.True(code == exitCode, $"exit code {code}\n{run.Output}\n{run.Errors}");
        Assert.True(key.Length == 0 || !(run.Output + run.Errors).Contains(key, StringComparison.Ordinal), "the key is shown");
    }

    [Fact]
    public async Task Secrets_AreNeitherInFilesNorInLogs()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using (var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress, more: ["--log-level", "trace"]))
        {
            await pagerDuty.ConnectAsync(sidecar);
            await StoryTests.CreatePolicyAsync(sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireBeOncall = true });
            await StoryTests.EvaluateAsync(sidecar, "s1");
            await sidecar.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName });
            pagerDuty.Trigger("Payments are failing");
            await pagerDuty.Server.DrainWebhooksAsync();

            sidecar.Run.Terminate();
            await sidecar.Run.ExitAsync();
            var log = sidecar.Run.Output + sidecar.Run.Errors;
            Assert.NotEmpty(log);
            Assert.DoesNotContain(DemoAccount.ReadOnlyKey, log, StringComparison.Ordinal);
            Assert.DoesNotContain("a secret of the webhook", log, StringComparison.Ordinal);
        }

        foreach (var file in Directory.GetFiles(folder.Path("data"), "*", SearchOption.AllDirectories))
        {
            var text = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
            Assert.False(text.Contains(DemoAccount.ReadOnlyKey, StringComparison.Ordinal), file);
            Assert.False(text.Contains("a secret of the webhook", StringComparison.Ordinal), file);
        }
    }
}
