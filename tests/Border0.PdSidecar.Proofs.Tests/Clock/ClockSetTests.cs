using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Model;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Proofs.Tests.Clock;

/// <summary>Somebody sets the machine's clock while the sidecar runs. Timers do not see that.</summary>
public class ClockSetTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    // Real time, in which a poll that the clock has set off reaches the simulator.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(10);
    private readonly MachineClock _time = new(new DateTimeOffset(2026, 6, 1, 9, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task SetBackAnHour_FactsGoOnBeingRefreshed()
    {
        var account = new PagerDutyAccount(_time);
        await using var pagerDuty = await SimulatorServer.StartAsync(account);
        await using var host = await HostInProcess.StartAsync(_time, pagerDuty.BaseAddress);
        var (one, two) = (await ServiceAsync(host, account, "one", onCall: false), await ServiceAsync(host, account, "two", onCall: false));
        var incident = account.TriggerIncident(one, "down");
        await UntilAsync(host, pagerDuty, "one", Decision.Allow, TimeSpan.FromSeconds(20));
        await UntilAsync(host, pagerDuty, "two", Decision.Deny, TimeSpan.FromSeconds(20));

        _time.Set(TimeSpan.FromHours(-1));
        account.Resolve(incident);
        account.TriggerIncident(two, "down", _time.GetUtcNow());

        await UntilAsync(host, pagerDuty, "one", Decision.Deny, TimeSpan.FromSeconds(20));
        await UntilAsync(host, pagerDuty, "two", Decision.Allow, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task SetForwardBeyondAKnownEnd_TheSessionIsCutWithinSeconds()
    {
        var account = new PagerDutyAccount(_time);
        await using var pagerDuty = await SimulatorServer.StartAsync(account);
        await using var host = await HostInProcess.StartAsync(_time, pagerDuty.BaseAddress);
        await ServiceAsync(host, account, "shift", onCall: true);
        await UntilAsync(host, pagerDuty, "shift", Decision.Allow, TimeSpan.FromSeconds(40));
        await using var inbox = new RevocationInbox(host.Evaluation, "c1");
        Assert.Equal(Decision.Allow, (await AskAsync(host, "shift", "s1")).Decision);

        _time.Set(TimeSpan.FromHours(2));
        var set = _time.GetUtcNow();
        var revoked = await Eventually.SeesAsync(
            () =>
            {
                _time.Advance(Step);
                return inbox.Take().FirstOrDefault();
            },
            "the revocation");

        Assert.Equal("s1", revoked.SessionKey);
        Assert.InRange(revoked.DecisionTime.ToDateTimeOffset() - set, TimeSpan.Zero, TimeSpan.FromSeconds(6));
    }

    private async Task<SimulatedService> ServiceAsync(HostInProcess host, PagerDutyAccount account, string name, bool onCall)
    {
        if (account.Users.Count == 0)
        {
            account.AddKey("key");
            var alice = account.AddUser("Alice", "alice@example.com");
            var schedule = account.AddSchedule("Primary");
            account.PutOnCall(schedule, alice, _time.GetUtcNow().AddHours(-8), _time.GetUtcNow().AddHours(1));
            account.AddEscalationPolicy("Primary", schedule);
            await host.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = new Integration { Name = "pd", ApiKey = "key" } });
        }

        var service = account.AddService(name, account.EscalationPolicies[0]);
        await host.Policies.CreatePolicyAsync(new CreatePolicyRequest
        {
            Policy = new Policy
            {
                Name = name,
                SocketIds = { name },
                Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
                Integrations =
                {
                    new IntegrationCondition
                    {
                        IntegrationName = "pd",
                        PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = service.Id, RequireBeOncall = onCall, RequireIncident = !onCall },
                    },
                },
            },
        });
        return service;
    }

    /// <summary>Lets time pass until the answer is another one, for so much time at most, and what is on the wire arrive.</summary>
    private async Task UntilAsync(HostInProcess host, SimulatorServer pagerDuty, string socket, Decision expected, TimeSpan atMost)
    {
        EvaluateResponse? answer = null;
        for (var passed = TimeSpan.Zero; passed < atMost; passed += Step)
        {
            answer = await AskAsync(host, socket, "");
            if (answer.Decision == expected)
            {
                return;
            }

            _time.Advance(Step);
            for (var seen = -1L; seen != pagerDuty.Requests.Received; await Task.Delay(Quiet))
            {
                seen = pagerDuty.Requests.Received;
            }
        }

        Assert.Fail($"{socket} was not answered {expected} within {atMost}: {answer}");
    }

    private static Task<EvaluateResponse> AskAsync(HostInProcess host, string socket, string key) => host.Evaluation.EvaluateAsync(new EvaluateRequest
    {
        ConnectorId = "c1",
        SocketId = socket,
        SocketType = "ssh",
        UserEmail = "alice@example.com",
        SessionKey = key,
    }).ResponseAsync.WaitAsync(TimeSpan.FromSeconds(60));
}
