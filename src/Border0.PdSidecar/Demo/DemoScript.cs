using System.Globalization;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Demo;

/// <summary>What happens in the demo, and what must be seen.</summary>
internal sealed class DemoScript(DemoStage stage, DemoScreen screen, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(1000);
    private static readonly TimeSpan UntilHandOver = TimeSpan.FromSeconds(8);

    /// <summary>Let in because an incident is open, thrown out because it was resolved.</summary>
    public async Task IncidentAsync(CancellationToken cancellation)
    {
        screen.Title("An open incident opens the door");
        using (var early = await ConnectAsync(stage.DatabaseAt, "alice@example.com", cancellation))
        {
            Step("Alice connects to payments-db: denied, there is no incident", early.Greeting == "denied", "denied", early.Greeting);
        }

        await BreathAsync(cancellation);
        var incident = stage.Account.Account.TriggerIncident(stage.Account.Payments, "Payments are failing");
        screen.PagerDuty($"incident #{incident.Number} of Payments is triggered, and its webhook sent");
        await stage.PagerDuty.DrainWebhooksAsync();

        using var alice = await ConnectAsync(stage.DatabaseAt, "alice@example.com", cancellation);
        Step("Alice connects again: allowed", alice.Greeting == "welcome", "welcome", alice.Greeting);
        var said = await alice.SayAsync("select 1;", cancellation);
        screen.Step("Bytes flow through the connector and back", said == "select 1;", "select 1;", said);

        await BreathAsync(cancellation);
        var ended = NextEnd();
        screen.PagerDuty($"incident #{incident.Number} is resolved");
        var resolved = time.GetTimestamp();
        stage.Account.Account.Resolve(incident);
        await WithinAsync(alice.WhenClosedAsync(cancellation), Patience, "Alice's connection is cut once the incident is resolved", cancellation);
        var took = time.GetElapsedTime(resolved);
        await WithinAsync(ended, Patience, "the connector is told to end Alice's session", cancellation);
        var end = await ended;
        screen.Step(
            $"Alice's connection is cut {Milliseconds(took)} after the incident was resolved",
            end.Revocation?.Cause == RevocationCause.IncidentResolved,
            "a revocation because the incident is resolved",
            end.Cause.ToString(),
            end.ReasonForAdministrator);

        using var late = await ConnectAsync(stage.DatabaseAt, "alice@example.com", cancellation);
        Step("Alice connects once more: denied again", late.Greeting == "denied", "denied", late.Greeting);
    }

    /// <summary>The shift ends at a known second.</summary>
    public async Task HandOverAsync(CancellationToken cancellation)
    {
        screen.Title("The shift is handed over");
        var now = time.GetUtcNow();

        // On a whole second, so that the end that is announced is the end that is meant.
        var handOver = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero) + UntilHandOver;
        await stage.HandOverAtAsync(handOver, cancellation);
        screen.PagerDuty($"the schedule says that Bob takes over from Alice at {handOver.ToLocalTime():HH:mm:ss}");
        var warned = NextExpiring();
        using var alice = await ConnectAsync(stage.BastionAt, "alice@example.com", cancellation);
        Step("Alice, on call, connects to payments-bastion: allowed", alice.Greeting == "welcome", "welcome", alice.Greeting);
        await WithinAsync(warned, Patience, "the connector is told when Alice's session is going to end", cancellation);
        var expiring = await warned;
        screen.Sidecar($"this session is going to end at {expiring.ExpireTime.ToDateTimeOffset().ToLocalTime():HH:mm:ss}, when the shift does");
        using (var bob = await ConnectAsync(stage.BastionAt, "bob@example.com", cancellation))
        {
            Step("Bob, who is next, connects: denied", bob.Greeting == "denied", "denied", bob.Greeting);
        }

        var left = handOver - time.GetUtcNow();
        screen.Plain($"... {Math.Max(0, left.TotalSeconds).ToString("0", CultureInfo.InvariantCulture)} s until Bob takes over ...");
        var ended = NextEnd();
        await WithinAsync(alice.WhenClosedAsync(cancellation), left + Patience, "Alice's connection is cut when her shift ends", cancellation);
        var late = time.GetUtcNow() - handOver;
        await WithinAsync(ended, Patience, "the connector is told to end Alice's session", cancellation);
        var end = await ended;
        screen.Step(
            $"Alice's connection is cut {Milliseconds(late)} after her shift ended",
            late >= TimeSpan.Zero && end.Revocation?.Cause == RevocationCause.ShiftEnded,
            "a revocation because the shift ended, and not before it did",
            $"{end.Cause} {Milliseconds(late)} after it",
            end.ReasonForAdministrator);

        using (var bob = await ConnectAsync(stage.BastionAt, "bob@example.com", cancellation))
        {
            Step("Bob connects: allowed", bob.Greeting == "welcome", "welcome", bob.Greeting);
        }

        using var again = await ConnectAsync(stage.BastionAt, "alice@example.com", cancellation);
        Step("Alice connects again: denied", again.Greeting == "denied", "denied", again.Greeting);
    }

    private static Task<DemoPerson> ConnectAsync(System.Net.IPEndPoint to, string email, CancellationToken cancellation) =>
        DemoPerson.ConnectAsync(to, email, cancellation);

    private static string Milliseconds(TimeSpan span) => span.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture) + " ms";

    /// <summary>A step about a decision, with the sidecar's own words.</summary>
    private void Step(string step, bool isAsItShouldBe, string expected, string seen) =>
        screen.Step(step, isAsItShouldBe, expected, seen, stage.Connector.LastDecision?.Explanation ?? "");

    /// <summary>A step that has to happen in time; without it the demo cannot go on.</summary>
    private async Task WithinAsync(Task task, TimeSpan patience, string step, CancellationToken cancellation)
    {
        try
        {
            await task.WaitAsync(patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            screen.Step(step, isAsItShouldBe: false, $"within {patience.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s", "nothing");
        }
    }

    private Task BreathAsync(CancellationToken cancellation) => Task.Delay(Breath, time, cancellation);

    private Task<SessionEnd> NextEnd()
    {
        var next = new TaskCompletionSource<SessionEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Connector.Ended += OnEnded;
        return next.Task;

        void OnEnded(SessionEnd end)
        {
            stage.Connector.Ended -= OnEnded;
            next.TrySetResult(end);
        }
    }

    private Task<SessionExpiring> NextExpiring()
    {
        var next = new TaskCompletionSource<SessionExpiring>(TaskCreationOptions.RunContinuationsAsynchronously);
        stage.Connector.Expiring += OnExpiring;
        return next.Task;

        void OnExpiring(SessionExpiring expiring)
        {
            stage.Connector.Expiring -= OnExpiring;
            next.TrySetResult(expiring);
        }
    }
}
