using System.Globalization;
using System.Net;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Simulator.Model;
using Border0.PdSidecar.Simulator.Rest;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Proofs.Tests.Budget;

/// <summary>
/// 2,000 services on 1,000 escalation policies with 8,000 on-call rows in the simulated PagerDuty, and a sidecar whose policies read
/// all of them, by a clock that the proof moves.
/// </summary>
internal sealed class LargeAccount : IAsyncDisposable
{
    public const string Integration = "large";
    public const int Services = 2_000;
    public const int EscalationPolicies = 1_000;
    private const int RowsPerPolicy = 8;
    private const int Shifts = RowsPerPolicy / 2;
    private const string Key = "large-account-key";
    private const int MostConditions = 32;
    private const string SomebodyElses = "/schedules";

    // The clock moves on when the wire has been quiet for so long: what is on the wire knows no fake clock.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    private readonly FakeTimeProvider _time;
    private readonly HttpClient _http = new();
    private readonly SimulatorServer _server;

    private LargeAccount(FakeTimeProvider time, SimulatorServer server, SimulatedKey key, HostInProcess host) =>
        (_time, _server, ApiKey, Host) = (time, server, key, host);

    public SimulatedKey ApiKey { get; }

    public HostInProcess Host { get; }

    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>What the sidecar asked, without what somebody else asked with its key.</summary>
    public IReadOnlyList<ApiRequest> Asked => [.. _server.Requests.Requests.Where(r => r.Path != SomebodyElses)];

    public static async Task<LargeAccount> StartAsync()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 6, 1, 9, 0, 10, TimeSpan.Zero));
        var account = new PagerDutyAccount(time);
        var key = account.AddKey(Key);
        Fill(account, time.GetUtcNow());
        var server = await SimulatorServer.StartAsync(account);
        var host = await HostInProcess.StartAsync(time, server.BaseAddress);
        var large = new LargeAccount(time, server, key, host);
        await host.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = new Integration { Name = Integration, ApiKey = Key } });
        foreach (var (part, services) in account.Services.Chunk(MostConditions).Index())
        {
            await large.WhileLivingAsync(host.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = PolicyOver($"part-{part}", services) }));
        }

        return large;
    }

    /// <summary>Lets so much time pass.</summary>
    /// <param name="time">How much, by the clock of the proof.</param>
    /// <param name="somebodyElse">Whether somebody else uses the key up meanwhile, every second anew.</param>
    public async Task LiveAsync(TimeSpan time, bool somebodyElse = false)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Step)
        {
            if (somebodyElse && passed.Milliseconds == 0)
            {
                await UseUpAsync();
            }

            _time.Advance(Step);
            for (var seen = -1L; seen != _server.Requests.Received; await Task.Delay(Quiet))
            {
                seen = _server.Requests.Received;
            }
        }
    }

    public Task<CheckIntegrationResponse> CheckAsync() =>
        WhileLivingAsync(Host.Integrations.CheckIntegrationAsync(new CheckIntegrationRequest { Name = Integration }));

    /// <summary>The values of one metric for this account, by the label "kind".</summary>
    public async Task<Dictionary<string, double>> MetricAsync(string name)
    {
        var page = await _http.GetStringAsync(new Uri(Host.Http, "/metrics"));
        return page.Split('\n')
            .Where(l => l.StartsWith(name + "{", StringComparison.Ordinal) && l.Contains("/" + Integration + "\"", StringComparison.Ordinal))
            .ToDictionary(
                l => l.Split("kind=\"") is [_, var rest] ? rest[..rest.IndexOf('"', StringComparison.Ordinal)] : "",
                l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Host.DisposeAsync();
        await _server.DisposeAsync();
    }

    /// <summary>What asks PagerDuty may have to wait for the budget.</summary>
    private async Task<T> WhileLivingAsync<T>(AsyncUnaryCall<T> call)
    {
        using var made = call;
        while (!made.ResponseAsync.IsCompleted)
        {
            await LiveAsync(Step);
        }

        return await made;
    }

    private static void Fill(PagerDutyAccount account, DateTimeOffset now)
    {
        var users = Enumerable.Range(0, 400).Select(i => account.AddUser($"User {i}", $"user{i}@example.com")).ToList();
        var schedules = Enumerable.Range(0, 100).Select(i => account.AddSchedule($"Schedule {i}")).ToList();
        foreach (var (i, schedule) in schedules.Index())
        {
            // Shifts of 12 h / 3.5: the horizon shows the present one and three to come, for the days that a soak may last.
            var length = TimeSpan.FromHours(12) / (Shifts - 0.5);
            for (var shift = 0; shift < 24; shift++)
            {
                account.PutOnCall(schedule, users[(i + (shift * 37)) % users.Count], now + (length * (shift - 0.5)), now + (length * (shift + 0.5)));
            }
        }

        for (var i = 0; i < EscalationPolicies; i++)
        {
            var policy = account.AddEscalationPolicy($"Policy {i}", schedules[i % 100], schedules[(i + 50) % 100]);
            for (var service = 0; service < Services / EscalationPolicies; service++)
            {
                account.AddService($"Service {i}-{service}", policy);
            }
        }

        foreach (var service in account.Services.Where((_, i) => i % 50 == 0))
        {
            account.TriggerIncident(service, "down");
        }

        Assert.Equal(EscalationPolicies * RowsPerPolicy, account.EscalationPolicies.Sum(
            p => account.OnCalls(p).Count(o => o.End > now && o.Start < now + TimeSpan.FromHours(12))));
    }

    private static Policy PolicyOver(string name, IEnumerable<SimulatedService> services) => new()
    {
        Name = name,
        OrgWide = true,
        Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
        Integrations =
        {
            services.Select(s => new IntegrationCondition
            {
                IntegrationName = Integration,
                PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = s.Id, RequireBeOncall = true, RequireIncident = true },
            }),
        },
    };

    /// <summary>Somebody else asks with the same key until PagerDuty answers 429.</summary>
    private async Task UseUpAsync()
    {
        var status = HttpStatusCode.OK;
        while (status != HttpStatusCode.TooManyRequests)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_server.BaseAddress, SomebodyElses));
            request.Headers.TryAddWithoutValidation("Authorization", "Token token=" + Key);
            using var answer = await _http.SendAsync(request);
            status = answer.StatusCode;
        }
    }
}
