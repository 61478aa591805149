using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Faults;
using Border0.PdSidecar.Simulator.Model;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Time.Testing;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.BlackHole;

/// <summary>PagerDuty takes every request and answers none, for longer than anybody may be kept in.</summary>
public class BlackHoleTests(ITestOutputHelper output)
{
    private const string Everywhere = "no-pagerduty";
    private static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SessionMaxStaleness = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 6, 1, 9, 0, 0, TimeSpan.Zero));
    private readonly Dictionary<string, SessionRevoked> _revoked = [];

    [Fact]
    public async Task BlackHoled_NewConnectionsAreDeniedAtTheBound_SessionsAreCutAtTheirs_OthersAreUntouched()
    {
        var account = new PagerDutyAccount(_time);
        account.AddKey("key");
        var alice = account.AddUser("Alice", "alice@example.com");
        var service = account.AddService("Payments", account.AddEscalationPolicy("Payments", alice));
        account.TriggerIncident(service, "down");
        await using var pagerDuty = await SimulatorServer.StartAsync(account);
        await using var host = await HostInProcess.StartAsync(_time, pagerDuty.BaseAddress);
        await SetUpAsync(host, service);
        await using var inbox = new RevocationInbox(host.Evaluation, "c1");
        await UntilAllowedAsync(host);

        // Some time of normal life, and sessions that begin in it.
        for (var i = 0; i < 400; i++)
        {
            _time.Advance(Step);
            await UntilPolledAsync(host, pagerDuty);
            if (i % 40 == 0)
            {
                foreach (var socket in (string[])["oncall", "incident", Everywhere])
                {
                    Assert.Equal(Decision.Allow, await AskAsync(host, socket, $"{socket}-{i}"));
                }
            }
        }

        // With nothing under way: what is asked last is answered before the silence begins.
        await host.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = "pd" });
        pagerDuty.Faults.Add(new Fault { Kind = FaultKind.Hang });
        var lastHeard = new Dictionary<string, DateTimeOffset>
        {
            ["incident"] = LastAnswer(pagerDuty, "/incidents"),
            ["oncall"] = LastAnswer(pagerDuty, "/oncalls"),
        };
        var end = _time.GetUtcNow() + SessionMaxStaleness + TimeSpan.FromSeconds(5);
        var denied = new Dictionary<string, DateTimeOffset>();
        var asked = 0;
        while (_time.GetUtcNow() < end)
        {
            _time.Advance(Step);
            foreach (var (socket, heard) in lastHeard)
            {
                asked++;
                var decision = await AskAsync(host, socket, "");
                var age = _time.GetUtcNow() - heard;

                // Facts are as of the question to PagerDuty, which may be a step older than what came of it.
                if (age < MaxStaleness - Step || age >= MaxStaleness)
                {
                    Assert.Equal(age < MaxStaleness ? Decision.Allow : Decision.Deny, decision);
                }

                if (decision == Decision.Deny)
                {
                    denied.TryAdd(socket, _time.GetUtcNow());
                }
            }

            Assert.Equal(Decision.Allow, await AskAsync(host, Everywhere, ""));
            Take(inbox);
        }

        await UntilRevokedAsync(inbox, 20);
        Assert.Equal(20, _revoked.Count);
        var lags = new List<double>();
        foreach (var (key, revoked) in _revoked)
        {
            Assert.Equal(RevocationCause.FactsStale, revoked.Cause);
            var bound = lastHeard[key.Split('-')[0]] + SessionMaxStaleness;
            var lag = revoked.DecisionTime.ToDateTimeOffset() - bound;
            Assert.InRange(lag, TimeSpan.Zero, TimeSpan.FromSeconds(1));
            lags.Add(lag.TotalMilliseconds);
        }

        Assert.DoesNotContain(_revoked.Keys, k => k.StartsWith(Everywhere, StringComparison.Ordinal));
        Soak.Report(output, $"black hole: {asked} questions; new connections denied {string.Join(" and ", denied.Select(d => $"{(d.Value - lastHeard[d.Key]).TotalSeconds:0.00} s"))} "
            + $"after the last answer (bound 60 s); {_revoked.Count} sessions cut 0 to {lags.Max():0} ms after their bound (15 min); no other session touched");
    }

    private static DateTimeOffset LastAnswer(SimulatorServer pagerDuty, string path) =>
        pagerDuty.Requests.Requests.Last(r => r is { Status: 200 } && r.Path == path).At;

    /// <summary>Gives what is on the wire, which knows no fake clock, the real time that it takes.</summary>
    private async Task UntilPolledAsync(HostInProcess host, SimulatorServer pagerDuty)
    {
        Assert.Equal(Decision.Allow, await AskAsync(host, Everywhere, ""));
        foreach (var path in (string[])["/incidents", "/oncalls"])
        {
            await Eventually.SeesAsync(() => _time.GetUtcNow() - LastAnswer(pagerDuty, path) < MaxStaleness / 2 ? "polled" : null, path);
        }
    }

    private static async Task SetUpAsync(HostInProcess host, SimulatedService service)
    {
        await host.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = new Integration { Name = "pd", ApiKey = "key" } });
        foreach (var (name, condition) in ((string, PagerDutyOnCallCondition?)[])
            [
                ("oncall", new PagerDutyOnCallCondition { ServiceId = service.Id, RequireBeOncall = true }),
                ("incident", new PagerDutyOnCallCondition { ServiceId = service.Id, RequireIncident = true }),
                (Everywhere, null),
            ])
        {
            var policy = new Policy { Name = name, SocketIds = { name }, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } };
            if (condition is not null)
            {
                policy.Integrations.Add(new IntegrationCondition { IntegrationName = "pd", PagerdutyOncall = condition });
            }

            await host.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = policy });
        }
    }

    private async Task UntilAllowedAsync(HostInProcess host)
    {
        foreach (var socket in (string[])["oncall", "incident"])
        {
            // What is being fetched is on the wire, which knows no fake clock.
            await Eventually.SeesAsync(
                async () =>
                {
                    _time.Advance(Step);
                    return await AskAsync(host, socket, "") == Decision.Allow ? "allowed" : null;
                },
                socket);
        }
    }

    private static async Task<Decision> AskAsync(HostInProcess host, string socket, string key)
    {
        var answer = host.Evaluation.EvaluateAsync(new EvaluateRequest
        {
            ConnectorId = "c1",
            SocketId = socket,
            SocketType = "ssh",
            UserEmail = "alice@example.com",
            SessionKey = key,
        }).ResponseAsync;
        return (await answer.WaitAsync(TimeSpan.FromSeconds(60))).Decision;
    }

    private void Take(RevocationInbox inbox)
    {
        foreach (var revoked in inbox.Take())
        {
            Assert.True(_revoked.TryAdd(revoked.SessionKey, revoked), $"{revoked.SessionKey} was revoked twice");
        }
    }

    private Task<string> UntilRevokedAsync(RevocationInbox inbox, int count) => Eventually.SeesAsync(
        () =>
        {
            Take(inbox);
            return _revoked.Count >= count ? "all" : null;
        },
        "the revocations");
}
