using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>The connectors of examples/ as their users run them. Each test drives all languages at once.</summary>
public class ExamplesTests
{
    private static readonly TimeSpan Patient = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Examples_LetInReportAndCut()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        await pagerDuty.ConnectAsync(sidecar);
        await StoryTests.CreatePolicyAsync(
            sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireIncident = true });
        await using var connectors = await ConnectorExamples.StartAsync(sidecar.GrpcTcp, Patient);

        connectors.Type("open %1 alice@example.com bastion");
        await connectors.SayAsync("denied %1: Service Payments ");

        var incident = pagerDuty.Trigger("Payments are failing");
        await Eventually.SeesAsync(
            async () => (await StoryTests.EvaluateAsync(sidecar, "")).Decision == Decision.Allow ? "an allow" : null, "an allow");
        connectors.Type("open %2 alice@example.com bastion");
        connectors.Type("open %3 alice@example.com bastion");
        connectors.Type("open %3 bob@example.com bastion");
        await connectors.SayAsync("allowed %2: ssh=*");
        await connectors.SayAsync("allowed %3: ssh=*");
        await connectors.SayAsync("denied %3: The session key is in use.");
        await ThereAreSessionsAsync(sidecar, "%2", "%3");

        connectors.Type("close %2");
        await connectors.SayAsync("ended %2: CLOSED ");
        await ThereAreSessionsAsync(sidecar, "%3");

        pagerDuty.Resolve(incident);
        await connectors.SayAsync("ended %3: INCIDENT_RESOLVED The incident that this access was for is resolved.");
        connectors.Type("open %4 alice@example.com bastion");
        await connectors.SayAsync("denied %4: Service Payments ");
        connectors.HaveNotSaid("watch broken");
    }

    [Fact]
    public async Task Examples_FollowWhatIsGranted_AndLeaveNoSessionBehind()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);
        await CreateOpenPolicyAsync(sidecar, "all", "exec");
        await CreateOpenPolicyAsync(sidecar, "more", "shell");
        await using var connectors = await ConnectorExamples.StartAsync(sidecar.GrpcSocket, Patient);
        connectors.Type("open %1 alice@example.com");
        await connectors.SayAsync("allowed %1: ssh=exec,shell");

        await sidecar.Policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "more" });

        await connectors.SayAsync("changed %1: ssh=exec");
        connectors.HaveNotSaid("ended %1");
        await connectors.FinishAsync();
        await ThereAreSessionsAsync(sidecar);
    }

    [Fact]
    public async Task Examples_HearOfWhatWasRevokedWhileTheSidecarWasDown_AndWhenItHasForgottenAll()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        var first = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        await using var firstEnds = first;
        await pagerDuty.ConnectAsync(first);
        var incident = pagerDuty.Trigger("Payments are failing");
        await StoryTests.CreatePolicyAsync(
            first, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireIncident = true });
        await CreateOpenPolicyAsync(first, "lab", "exec", "lab");
        await using var connectors = await ConnectorExamples.StartAsync(first.GrpcSocket, Patient);
        connectors.Type("open %1 alice@example.com bastion");
        connectors.Type("open %2 alice@example.com lab");
        await connectors.SayAsync("allowed %1");
        await connectors.SayAsync("allowed %2");

        await first.KillAsync();
        await connectors.SayAsync("watch broken");
        connectors.Type("open %3 alice@example.com lab");
        await connectors.SayAsync("denied %3: No decision");
        pagerDuty.Resolve(incident);
        connectors.HaveNotSaid("ended %1");
        await using (var second = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress))
        {
            await connectors.SayAsync("ended %1: INCIDENT_RESOLVED");
            connectors.HaveNotSaid("ended %2");
            connectors.HaveNotSaid("watch not resumable");
            await second.KillAsync();
        }

        Directory.Delete(first.DataDirectory, recursive: true);
        await using var third = await Sidecar.StartAsync(folder);
        await connectors.SayAsync("watch not resumable");
        await connectors.SayAsync("ended %2: NOT_ALLOWED_ON_ADOPTION");
    }

    [Fact]
    public async Task Examples_EndTheirSessions_WhenTheSidecarStandsStill_AndComeBack()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);
        await CreateOpenPolicyAsync(sidecar, "all", "*");
        var silence = TimeSpan.FromSeconds(4);
        await using var connectors = await ConnectorExamples.StartAsync(sidecar.GrpcSocket, silence);
        connectors.Type("open %1 alice@example.com");
        await connectors.SayAsync("allowed %1");

        sidecar.Run.Freeze();
        var frozen = DateTimeOffset.UtcNow;
        connectors.Type("open %2 alice@example.com");

        await connectors.SayAsync("denied %2: No decision: D");
        var ended = await connectors.SayAsync("ended %1: SIDECAR_SILENT");
        connectors.HaveSaidFirst("denied %2", "ended %1");
        Assert.InRange(ended - frozen, silence - TimeSpan.FromSeconds(1.5), silence + TimeSpan.FromSeconds(20));

        sidecar.Run.Thaw();
        await ThereAreSessionsAsync(sidecar);
        connectors.Type("open %3 alice@example.com");
        await connectors.SayAsync("allowed %3");
    }

    [Fact]
    public async Task Examples_EndASessionAtItsKnownEnd_WhenTheSidecarIsGone()
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        await pagerDuty.ConnectAsync(sidecar);
        await StoryTests.CreatePolicyAsync(
            sidecar, new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireBeOncall = true });
        await CreateOpenPolicyAsync(sidecar, "lab", "exec", "lab");
        await using var connectors = await ConnectorExamples.StartAsync(sidecar.GrpcTcp, TimeSpan.FromSeconds(8));
        var shiftEnd = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 7);
        pagerDuty.HandOver("alice@example.com", "bob@example.com", shiftEnd);
        await sidecar.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = SimulatedPagerDuty.IntegrationName });
        connectors.Type("open %1 alice@example.com bastion");
        connectors.Type("open %2 bob@example.com lab");
        await connectors.SayAsync("allowed %1");
        await connectors.SayAsync("allowed %2");
        await connectors.SayAsync("expiring %1: ");

        await sidecar.KillAsync();

        connectors.HaveNotSaid("ended");
        Assert.InRange(await connectors.SayAsync("ended %1: VALIDITY_PASSED"), shiftEnd, DateTimeOffset.MaxValue);
        await connectors.SayAsync("ended %2: SIDECAR_SILENT");
    }

    private static async Task CreateOpenPolicyAsync(Sidecar sidecar, string name, string action, string? socket = null)
    {
        var policy = new Policy { Name = name, OrgWide = socket is null, Actions = { ["ssh"] = new ActionList { Values = { action } } } };
        if (socket is not null)
        {
            policy.SocketIds.Add(socket);
        }

        await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = policy });
    }

    /// <summary>Exactly these are open, at each connector, soon.</summary>
    private static async Task ThereAreSessionsAsync(Sidecar sidecar, params string[] keys)
    {
        string[] expected = [.. ConnectorExamples.Languages.SelectMany(language => keys.Select(key => ConnectorExamples.Of(language, $"%/{key}"))).Order()];
        string[] open = [];
        try
        {
            await Eventually.SeesAsync(
                async () =>
                {
                    var listed = await sidecar.Evaluation.ListSessionsAsync(new ListSessionsRequest());
                    open = [.. listed.Sessions.Select(s => $"{s.ConnectorId}/{s.SessionKey}").Order()];
                    return open.SequenceEqual(expected) ? expected : null;
                },
                "the sessions");
        }
        catch (TimeoutException)
        {
            Assert.Equal(expected, open);
        }
    }
}
