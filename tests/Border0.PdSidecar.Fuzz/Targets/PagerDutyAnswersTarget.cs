using System.Net;
using System.Text;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Fuzz.Inputs;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Probe;
using Border0.PdSidecar.PagerDuty.Rest;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>
/// What PagerDuty answers, or what stands between: to every question the same body. The first byte of an input is the question, the
/// second the status.
/// </summary>
internal sealed class PagerDutyAnswersTarget : FuzzTarget
{
    private static readonly HttpStatusCode[] Statuses =
    [
        HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NoContent, HttpStatusCode.Found, HttpStatusCode.BadRequest, HttpStatusCode.Unauthorized,
        HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.PaymentRequired, HttpStatusCode.TooManyRequests, HttpStatusCode.InternalServerError, HttpStatusCode.BadGateway,
    ];

    private static readonly TimeSpan Attempt = TimeSpan.FromHours(1);
    private readonly PolicySnapshot _policies = Account.Policies();
    private byte[] _body = [];
    private HttpStatusCode _status;

    public override string Name => "pagerduty-answers";

    public override string About => "PagerDuty's REST answers: services, incidents, on-calls, users, errors, pages";

    public override int Longest => 512 * 1024;

    public override IReadOnlyList<byte[]> Examples { get; } =
    [
        .. ((IReadOnlyList<(int Question, int Status, string Body)>)
        [
            (0, 0, Account.ServiceAnswer), (1, 0, Account.Services), (2, 0, Account.Incidents), (3, 0, Account.OnCalls), (4, 0, Account.Users), (4, 0, Account.Services),
            (2, 0, """{"incidents":[{"id":"P1","status":"triggered","service":{"id":"PSVC"}}],"more":true}"""),
            (3, 0, """{"oncalls":[null,{},{"user":null}],"more":"true"}"""),
            (0, 9, """{"error":{"message":"Not Found","code":2100,"errors":["a","b"]}}"""), (2, 6, """{"error":"Bad","message":"x"}"""), (3, 11, "<html>429</html>"), (1, 8, ""),
        ]).Select(e => (byte[])[(byte)e.Question, (byte)e.Status, .. Encoding.UTF8.GetBytes(e.Body)]),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            "\"more\":true", "\"more\":false,", "\"incidents\":", "\"oncalls\":", "\"services\":", "\"user\":", "\"error\":", "\"errors\":", "\"message\":", "\"code\":2100", "\"escalation_policy\":",
            "\"PSVC\"", "\"PEP1\"", "\"start\":", "\"end\":", "\"2026-11-23T08:00:00-07\"", "\"status\":\"triggered\"", "\"id\":", "null,",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    // One body is read many times where it says that there is more: as often as a list may have pages.
    public override long AllocationBound(int size) => Paging.MaxPages * ((128L << 10) + 64L * size);

    public override string Show(byte[] input) => input.Length < 2 ? "" : $"question {input[0]}, status {(int)Statuses[input[1] % Statuses.Length]}: {InputText.Of(input.AsSpan(2))}";

    public override void Run(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }

        (_status, _body) = (Statuses[input[1] % Statuses.Length], input[2..]);
        var time = new AutomaticTime(Account.Now);
        using var clients = new PagerDutyClients(
            new PagerDutyClientOptions { Retries = 0, RateShare = 1, AttemptTimeout = Attempt, Addresses = new PagerDutyAddresses { Allowed = StubPagerDuty.BaseUrl } },
            time,
            NullLoggerFactory.Instance,
            new StubPagerDuty(_ => (_status, _body)));
        AskAsync(input[0] % 5, clients, time).GetAwaiter().GetResult();
    }

    private async Task AskAsync(int question, PagerDutyClients clients, TimeProvider time)
    {
        var client = clients.For(StubPagerDuty.BaseUrl, "key");
        var cancellation = CancellationToken.None;
        var facts = new FactsStore();
        switch (question)
        {
            case 0:
                var service = await client.GetServiceAsync(Account.Service, RequestPriority.OnDemand, cancellation);
                Told(service.IsOk, service.Message);
                facts.Apply(Account.Integration, new FactsUpdate { Services = service.IsOk ? [service.Value.Facts] : [] });
                break;
            case 1:
                var services = await client.ListServicesAsync("", 0, 100, RequestPriority.OnDemand, cancellation);
                Told(services.IsOk, services.Message);
                break;
            case 2:
                var incidents = await client.ListOpenIncidentsAsync([Account.Service, "PSV2"], RequestPriority.OnDemand, cancellation);
                Told(incidents.IsOk, incidents.Message);
                facts.Apply(Account.Integration, new FactsUpdate { Services = [Known()], Incidents = incidents.IsOk ? incidents.Value.Facts : [] });
                break;
            case 3:
                var onCalls = await client.ListOnCallsAsync(["PEP1", "PEP2"], new Dictionary<string, string>(), Account.Now, Account.Now.AddHours(12), RequestPriority.OnDemand, cancellation);
                Told(onCalls.IsOk, onCalls.Message);
                facts.Apply(Account.Integration, new FactsUpdate { Services = [Known()], EscalationPolicies = onCalls.IsOk ? onCalls.Value.Facts : [] });
                break;
            default:
                var probe = new PagerDutyProbe(clients, time);
                _ = await probe.CheckAsync(StubPagerDuty.BaseUrl, "key", cancellation);
                _ = await probe.ListServicesAsync(StubPagerDuty.BaseUrl, "key", "", 0, 25, cancellation);
                break;
        }

        Account.Decide(_policies, facts.Current);
    }

    private static ServiceFacts Known() => new() { Id = Account.Service, Exists = true, Name = "Payments", EscalationPolicyId = "PEP1", AsOf = Account.Now };

    private static void Told(bool isOk, string message) =>
        FuzzFinding.Unless(isOk || message.Length is > 0 and < 1000, $"a failure is told in {message.Length} characters");

    /// <summary>A clock on which every wait is over at once.</summary>
    private sealed class AutomaticTime : FakeTimeProvider
    {
        public AutomaticTime(DateTimeOffset start)
            : base(start)
        {
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime > TimeSpan.Zero && dueTime < Attempt && period == Timeout.InfiniteTimeSpan)
            {
                Advance(dueTime);
            }

            return timer;
        }
    }
}
