using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Faults;
using Border0.PdSidecar.Simulator.Model;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.Latency;

/// <summary>
/// A hundred watchers over ten thousand sessions: every revocation is delivered, once, and the report says how long each cause
/// takes from where it begins to the event at the client. No bound is asserted: the machine may be busy.
/// </summary>
public class LatencyTests(ITestOutputHelper output)
{
    private const string Secret = "a secret of the webhook subscription";

    // Longer than shifts are polled apart, where a shift's end is waited for longer than that.
    private static readonly TimeSpan SessionMaxStaleness = TimeSpan.FromSeconds(Soak.IsLong ? 50 : 20);
    private readonly int _watchers = 100;
    private readonly int _others = Soak.Runs(2_000, 10_000);

    [Fact]
    public async Task OneCause_ReachesEverySessionOfEveryWatcher()
    {
        using var folder = new TemporaryFolder();
        var account = new PagerDutyAccount(TimeProvider.System);
        account.AddKey("key");
        var alice = account.AddUser("Alice", "alice@example.com");
        var bob = account.AddUser("Bob", "bob@example.com");
        var schedule = account.AddSchedule("Primary");
        var now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        account.PutOnCall(schedule, alice, now.AddHours(-8), now.AddHours(8));
        var always = account.AddEscalationPolicy("Always", alice);
        var services = new[] { "webhook", "poll", "staleness" }.ToDictionary(n => n, n => account.AddService(n, always));
        var shifts = account.AddService("shift", account.AddEscalationPolicy("Shifts", schedule));
        var incidents = services.ToDictionary(s => s.Key, s => account.TriggerIncident(s.Value, "down"));
        await using var pagerDuty = await SimulatorServer.StartAsync(account);
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        await SetUpAsync(sidecar, services.Values, shifts);
        await using var fanOut = await FanOut.StartAsync(sidecar.GrpcTcp, _watchers);

        // Webhook: from before it is sent to the sidecar, in this process, to the event.
        var keys = await fanOut.OpenAsync("webhook", 10_000);
        var from = await ResolveByWebhookAsync(sidecar, account, services["webhook"], incidents["webhook"]);
        await ReportAsync("webhook", "the webhook being sent", fanOut, keys, from, RevocationCause.IncidentResolved);

        // Poll: from the poll's answer, which PagerDuty's log tells; a loss is asked about once more before it is believed.
        keys = await fanOut.OpenAsync("poll", _others);
        account.Resolve(incidents["poll"]);
        var resolved = Stopwatch.GetTimestamp();
        var poll = await Eventually.SeesAsync(
            () => pagerDuty.Requests.Requests.FirstOrDefault(r => r.Path == "/incidents" && r.At >= incidents["poll"].StatusChangedAt)?.At.ToString("O"), "a poll");
        var waited = DateTimeOffset.Parse(poll, System.Globalization.CultureInfo.InvariantCulture) - incidents["poll"].StatusChangedAt;
        await ReportAsync(
            "poll", $"the first poll after the resolution (which came {waited.TotalSeconds:0.0} s after it), second question included",
            fanOut, keys, resolved + (long)(waited.TotalSeconds * Stopwatch.Frequency), RevocationCause.IncidentResolved);

        // Known end: from the shift's last second, which is moved near once the sessions are open.
        keys = await fanOut.OpenAsync("shift", _others);
        var end = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + (Soak.IsLong ? 40 : 15));
        account.ClearSchedule(schedule);
        account.PutOnCall(schedule, alice, now.AddHours(-8), end);
        account.PutOnCall(schedule, bob, end, end.AddHours(8));
        await sidecar.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = "pd" });
        var ends = Stopwatch.GetTimestamp() + (long)((end - DateTimeOffset.UtcNow).TotalSeconds * Stopwatch.Frequency);
        Assert.True(Stopwatch.GetTimestamp() < ends, "the shift ended before the sidecar knew of it");
        await ReportAsync("known end", "the end of the shift", fanOut, keys, ends, RevocationCause.ShiftEnded);

        // Policy change: from the call.
        keys = await fanOut.OpenAsync("policy", _others);
        from = Stopwatch.GetTimestamp();
        await sidecar.Policies.DetachPolicyAsync(new DetachPolicyRequest { Name = "policy", SocketIds = { "policy" } });
        await ReportAsync("policy change", "the call that detaches the policy", fanOut, keys, from, RevocationCause.PolicyChanged);

        // Staleness: from the bound after PagerDuty's last answer.
        keys = await fanOut.OpenAsync("staleness", _others);
        pagerDuty.Faults.Add(new Fault { Kind = FaultKind.Reset });
        var last = pagerDuty.Requests.Requests.Last(r => r is { Status: 200, Path: "/incidents" }).At;
        from = Stopwatch.GetTimestamp() + (long)((last + SessionMaxStaleness - DateTimeOffset.UtcNow).TotalSeconds * Stopwatch.Frequency);
        await ReportAsync("staleness", "session_max_staleness after PagerDuty's last answer", fanOut, keys, from, RevocationCause.FactsStale);
    }

    private async Task ReportAsync(string cause, string since, FanOut fanOut, IReadOnlyList<string> keys, long from, RevocationCause expected)
    {
        var took = await fanOut.LatenciesAsync(keys, from, expected, TimeSpan.FromSeconds(60));
        Soak.Report(output, $"latency, {cause}: {keys.Count} sessions on {_watchers} watchers, ms from {since} to the event at the client: "
            + $"p50 {took[took.Length / 2]:0.0}, p99 {took[took.Length * 99 / 100]:0.0}, max {took[^1]:0.0}");
    }

    /// <summary>Sends the webhook itself, so that its sending is timed and not the simulator's queue.</summary>
    private static async Task<long> ResolveByWebhookAsync(Sidecar sidecar, PagerDutyAccount account, SimulatedService service, SimulatedIncident incident)
    {
        account.Resolve(incident);
        var body = Encoding.UTF8.GetBytes($$$$"""
            {"event":{"id":"01EVENT","event_type":"incident.resolved","resource_type":"incident","occurred_at":"{{{{incident.StatusChangedAt.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}}}}",
            "data":{"id":"{{{{incident.Id}}}}","type":"incident","status":"resolved","number":{{{{incident.Number}}}},"title":"down","service":{"id":"{{{{service.Id}}}}","type":"service_reference"},"assignees":[]}}}
            """);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(sidecar.Http, "/webhooks/pagerduty/v3/pd")) { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-PagerDuty-Signature", "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), body)));
        var from = Stopwatch.GetTimestamp();
        using var answer = await http.SendAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, answer.StatusCode);
        return from;
    }

    private static async Task SetUpAsync(Sidecar sidecar, IEnumerable<SimulatedService> services, SimulatedService shifts)
    {
        await sidecar.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest
        {
            Integration = new Integration
            {
                Name = "pd",
                ApiKey = "key",
                WebhookSecrets = { Secret },
                MaxStaleness = Duration.FromTimeSpan(SessionMaxStaleness),
                SessionMaxStaleness = Duration.FromTimeSpan(SessionMaxStaleness),
            },
        });
        foreach (var service in services)
        {
            await CreateAsync(sidecar, service.Name, new PagerDutyOnCallCondition { ServiceId = service.Id, RequireIncident = true });
        }

        await CreateAsync(sidecar, shifts.Name, new PagerDutyOnCallCondition { ServiceId = shifts.Id, RequireBeOncall = true });
        await CreateAsync(sidecar, "policy", null);
        await sidecar.Integrations.SyncIntegrationAsync(new SyncIntegrationRequest { Name = "pd" });
    }

    private static async Task CreateAsync(Sidecar sidecar, string name, PagerDutyOnCallCondition? condition)
    {
        var policy = new Policy { Name = name, SocketIds = { name }, Actions = { ["ssh"] = new ActionList { Values = { "*" } } } };
        if (condition is not null)
        {
            policy.Integrations.Add(new IntegrationCondition { IntegrationName = "pd", PagerdutyOncall = condition });
        }

        await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = policy });
    }
}
