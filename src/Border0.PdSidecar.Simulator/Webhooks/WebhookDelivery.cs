using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Simulator.Model;

namespace Border0.PdSidecar.Simulator.Webhooks;

/// <summary>
/// Delivers webhooks as PagerDuty does: in order per subscription and incident, at least once, with retries for up to 48 hours on
/// time-outs, 5xx, 429 and broken connections; any other 4xx is a drop, and three drops in a row switch a subscription off for a day.
/// </summary>
internal sealed class WebhookDelivery : IDisposable
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(48);

    private readonly PagerDutyAccount _account;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ConcurrentDictionary<(string Subscription, string Resource), Task> _queues = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private long _eventNumber;

    public WebhookDelivery(PagerDutyAccount account)
    {
        _account = account;
        account.Happened += Deliver;
    }

    /// <summary>Deliveries that were answered, dropped ones included, in the order of their answers.</summary>
    public ConcurrentQueue<(string EventType, int Status)> Answers { get; } = new();

    /// <summary>Sends every delivery this many times: PagerDuty promises at least once.</summary>
    public int Copies { get; set; } = 1;

    /// <summary>Waits until nothing is under way any more.</summary>
    public Task DrainAsync() => Task.WhenAll(_queues.Values);

    public void Dispose()
    {
        _account.Happened -= Deliver;
        _stop.Cancel();
        _http.Dispose();
        _stop.Dispose();
    }

    private void Deliver(WebhookEvent happened)
    {
        lock (_lock)
        {
            foreach (var subscription in _account.Subscriptions)
            {
                if (!subscription.Active
                    || subscription.DisabledUntil > _account.Time.GetUtcNow()
                    || (happened.OnlySubscription is { } only && only != subscription.Id)
                    || (subscription.ServiceId is { } service && happened.Service is { } of && of.Id != service))
                {
                    continue;
                }

                var id = $"01{Interlocked.Increment(ref _eventNumber):D6}{RandomNumberGenerator.GetHexString(18)}";
                var body = WebhookBody.Of(happened, id, _account.Subdomain);
                var resource = happened.Incident?.Id ?? happened.Service?.Id ?? "ping";
                _queues.AddOrUpdate(
                    (subscription.Id, resource),
                    _ => SendAsync(Task.CompletedTask, subscription, happened.Type, body),
                    (_, before) => SendAsync(before, subscription, happened.Type, body));
            }
        }
    }

    private async Task SendAsync(Task before, SimulatedSubscription subscription, string eventType, byte[] body)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        var webhookId = Guid.NewGuid().ToString();
        var begun = _account.Time.GetUtcNow();
        for (var attempt = 0; !_stop.IsCancellationRequested; attempt++)
        {
            var status = 0;
            for (var copy = 0; copy < Copies; copy++)
            {
                status = await PostAsync(subscription, webhookId, body);
            }

            Answers.Enqueue((eventType, status));
            if (status is >= 200 and < 300)
            {
                _account.Write(() => subscription.DroppedInARow = 0);
                return;
            }

            if (status is >= 400 and < 500 and not 429 || _account.Time.GetUtcNow() - begun > GiveUpAfter)
            {
                _account.Write(() =>
                {
                    if (++subscription.DroppedInARow >= 3)
                    {
                        subscription.DisabledUntil = _account.Time.GetUtcNow().AddHours(24);
                    }
                });
                return;
            }

            try
            {
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(1 << Math.Min(attempt, 10), 600)), _account.Time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<int> PostAsync(SimulatedSubscription subscription, string webhookId, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, subscription.Url)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            Version = HttpVersion.Version11,
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.TryAddWithoutValidation("User-Agent", "PagerDuty-Webhook/V3.0");
        request.Headers.Add("X-Webhook-Id", webhookId);
        request.Headers.Add("X-Webhook-Subscription", subscription.Id);
        request.Headers.Add("X-PagerDuty-Signature", Sign(subscription.Secrets, body));
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await using var timer = _account.Time.CreateTimer(_ => bound.Cancel(), null, AnswerWithin, Timeout.InfiniteTimeSpan);
        try
        {
            using var answer = await _http.SendAsync(request, bound.Token);
            return (int)answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return 0;
        }
    }

    private static string Sign(IEnumerable<string> secrets, byte[] body) => string.Join(
        ",", secrets.Select(s => "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(s), body))));
}
