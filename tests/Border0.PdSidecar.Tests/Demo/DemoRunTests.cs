using Border0.PdSidecar.Client;
using Border0.PdSidecar.Demo;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Time.Testing;
using Spectre.Console;

namespace Border0.PdSidecar.Tests.Demo;

/// <summary>The stage and its small connector, with the real sidecar, simulator and sockets.</summary>
public class DemoRunTests
{
    [Fact]
    public async Task Incident_IsPlayed_AndEveryStepIsAsItShouldBe()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        await using var stage = await DemoStage.SetAsync(TimeProvider.System, patience.Token);
        await stage.AdministerAsync(patience.Token);
        var (screen, written) = Screen();

        await new DemoScript(stage, screen, TimeProvider.System).IncidentAsync(patience.Token);

        Assert.True(screen.AllWell);
        Assert.Matches(@"cut \d+\.\d ms after the incident was\s+resolved", written.ToString());
    }

    [Fact]
    public async Task Connector_CutsWhatIsRevoked_ReportsWhatLeaves_AndRefusesWhatIsDenied()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        await using var stage = await DemoStage.SetAsync(TimeProvider.System, patience.Token);
        await stage.AdministerAsync(patience.Token);
        var told = new TaskCompletionSource<SessionEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Connector.Ended += told.SetResult;

        using var stranger = await DemoPerson.ConnectAsync(stage.BastionAt, "mallory@example.com", patience.Token);
        Assert.Equal("denied", stranger.Greeting);
        Assert.Equal(AccessVerdict.Deny, stage.Connector.LastDecision!.Verdict);
        using var alice = await DemoPerson.ConnectAsync(stage.BastionAt, "alice@example.com", patience.Token);
        Assert.Equal("welcome", alice.Greeting);
        Assert.Equal("hello", await alice.SayAsync("hello", patience.Token));

        await stage.HandOverAtAsync(TimeProvider.System.GetUtcNow().AddMinutes(-1), patience.Token);

        await alice.WhenClosedAsync(patience.Token);
        Assert.Equal(RevocationCause.NotOnCall, (await told.Task.WaitAsync(patience.Token)).Revocation!.Cause);
    }

    [Fact]
    public async Task Stage_LeavesNothingBehind()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        string data;
        await using (var stage = await DemoStage.SetAsync(TimeProvider.System, patience.Token))
        {
            data = Path.GetDirectoryName(stage.Sidecar.Endpoints.GrpcSocket)!;
            Assert.True(Directory.Exists(data));
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(data)));
    }

    [Fact]
    public async Task NextSteps_NameWhatIsReallyThere()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        await using var stage = await DemoStage.SetAsync(TimeProvider.System, patience.Token);

        var steps = NextSteps.For(stage);

        Assert.Contains(stage.Sidecar.Endpoints.GrpcTcp, steps, StringComparison.Ordinal);
        Assert.Contains(stage.PagerDuty.BaseAddress.Authority, steps, StringComparison.Ordinal);
        foreach (var called in System.Text.RegularExpressions.Regex.Matches(steps, @"border0\.pdsidecar\.v1\.(\w+)/(\w+)").Select(m => m.Groups))
        {
            var service = new[] { EvaluationService.Descriptor, PolicyService.Descriptor, IntegrationService.Descriptor }
                .Single(d => d.Name == called[1].Value);
            Assert.NotNull(service.FindMethodByName(called[2].Value));
        }
    }

    private static (DemoScreen Screen, StringWriter Written) Screen()
    {
        var written = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(written) });
        console.Profile.Width = 80;
        return (new DemoScreen(console, new FakeTimeProvider()), written);
    }
}
