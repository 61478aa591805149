using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Border0.PdSidecar.PagerDuty.Budget;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Timeout;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>
/// Sends one key's GET requests and tells the outcomes apart. The key leaves this class in the Authorization header only.
/// Safe from any thread.
/// </summary>
internal sealed partial class PagerDutyTransport
{
    // PagerDuty advises to wait and ask again; a loop that gave up its pages at every 429 might never finish.
    private const int MaxThrottledAttempts = 3;

    private static readonly ProductInfoHeaderValue UserAgent = new(
        "Border0-PdSidecar", typeof(PagerDutyTransport).Assembly.GetName().Version?.ToString(3) ?? "0");

    private readonly HttpMessageInvoker _http;
    private readonly Uri _baseUrl;
    private readonly string? _refusal;
    private readonly string _apiKey;
    private readonly PagerDutyClientOptions _options;
    private readonly RateBudget _budget;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline<HttpAnswer> _retry;
    private readonly ResiliencePipeline<HttpAnswer> _attempt;

    public PagerDutyTransport(
        HttpMessageInvoker http,
        Uri baseUrl,
        string apiKey,
        PagerDutyClientOptions options,
        RateBudget budget,
        TimeProvider time,
        ILogger logger)
    {
        _http = http;
        // An address may have been allowed when it was stored, and not be any more.
        _refusal = options.Addresses.RefusalOf(baseUrl);
        _baseUrl = new Uri(baseUrl.AbsoluteUri.TrimEnd('/') + "/");
        _apiKey = apiKey;
        _options = options;
        _budget = budget;
        _time = time;
        _logger = logger;
        _retry = PagerDutyPipeline.Retry(options, time);
        _attempt = PagerDutyPipeline.Attempt(options, time);
    }

    /// <summary>Reads what is at a path. <paramref name="path"/> has no leading slash.</summary>
    public async Task<PagerDutyResult<T>> GetAsync<T>(
        string path,
        JsonTypeInfo<T> type,
        RequestLane lane,
        RequestPriority priority,
        CancellationToken cancellation)
        where T : class
    {
        var answer = await GetBytesAsync(path, lane, priority, cancellation);
        if (!answer.IsOk)
        {
            return answer.As<T>();
        }

        try
        {
            return JsonSerializer.Deserialize(answer.Value, type) is { } value
                ? PagerDutyResult<T>.Ok(value, answer.AsOf)
                : PagerDutyResult<T>.Failed(PagerDutyOutcome.Invalid, "PagerDuty answered null.", answer.AsOf);
        }
        catch (JsonException)
        {
            // The exception quotes the answer, which holds personal data.
            return PagerDutyResult<T>.Failed(
                PagerDutyOutcome.Invalid, "PagerDuty's answer is not the JSON that was expected.", answer.AsOf);
        }
    }

    /// <summary>Reads the bytes at a path; only a 2xx is <see cref="PagerDutyOutcome.Ok"/>.</summary>
    public async Task<PagerDutyResult<byte[]>> GetBytesAsync(
        string path, RequestLane lane, RequestPriority priority, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var result = await SendAsync(path, lane, priority, cancellation);
            PagerDutyMetrics.Requests.Add(
                1, new("lane", lane.ToString()), new KeyValuePair<string, object?>("outcome", result.Outcome.ToString()));
            if (result.Outcome != PagerDutyOutcome.RateLimited
                || priority == RequestPriority.OnDemand
                || attempt == MaxThrottledAttempts)
            {
                return result;
            }
        }
    }

    private async Task<PagerDutyResult<byte[]>> SendAsync(
        string path, RequestLane lane, RequestPriority priority, CancellationToken cancellation)
    {
        var asOf = _time.GetUtcNow();
        if (_refusal is not null)
        {
            RequestFailed(_logger, lane, _refusal);
            return PagerDutyResult<byte[]>.Failed(PagerDutyOutcome.Unavailable, _refusal, asOf);
        }

        try
        {
            var answer = await _retry.ExecuteAsync(
                async token =>
                {
                    await _budget.AcquireAsync(lane, priority, token);
                    asOf = _time.GetUtcNow();
                    return await AttemptAsync(path, lane, token);
                },
                cancellation);
            return Judge(answer);
        }
        catch (Exception e) when (PagerDutyPipeline.IsNetwork(e) || e is BrokenCircuitException or RateLimiterRejectedException)
        {
            var message = e switch
            {
                _ when AddressRefusedException.In(e) is { } refused => refused.Message,
                BrokenCircuitException => "PagerDuty has failed repeatedly; it is left alone for some seconds.",
                TimeoutRejectedException => $"PagerDuty did not answer within {_options.AttemptTimeout.TotalSeconds:0.#} s.",
                RateLimiterRejectedException => "Too many requests to PagerDuty are waiting already.",
                HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http =>
                    $"PagerDuty at {_baseUrl.Authority} cannot be reached: {http.HttpRequestError}.",
                _ => $"The connection to PagerDuty at {_baseUrl.Authority} broke.",
            };
            RequestFailed(_logger, lane, message);
            return PagerDutyResult<byte[]>.Failed(PagerDutyOutcome.Unavailable, message, asOf);
        }
    }

    private async Task<HttpAnswer> AttemptAsync(string path, RequestLane lane, CancellationToken cancellation)
    {
        RateHeaders? rate = null;
        try
        {
            var answer = await _attempt.ExecuteAsync(async token => await ExchangeAsync(path, token), cancellation);
            rate = answer.Rate;
            return answer;
        }
        finally
        {
            _budget.Complete(lane, rate);
        }
    }

    private async Task<HttpAnswer> ExchangeAsync(string path, CancellationToken cancellation)
    {
        using var span = PagerDutySpans.Begin(_baseUrl, path);
        try
        {
            var answer = await AskAsync(path, cancellation);
            PagerDutySpans.Answered(span, answer.Status);
            return answer;
        }
        catch (Exception e) when (PagerDutySpans.Failed(span, e))
        {
            throw;
        }
    }

    private async Task<HttpAnswer> AskAsync(string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_baseUrl, path));
        request.Headers.TryAddWithoutValidation("Authorization", "Token token=" + _apiKey);
        request.Headers.TryAddWithoutValidation("Accept", "application/vnd.pagerduty+json;version=2");
        request.Headers.UserAgent.Add(UserAgent);

        var sentAt = _time.GetUtcNow();
        using var response = await _http.SendAsync(request, cancellation);
        var body = await ReadBoundedAsync(response.Content, cancellation);
        return new HttpAnswer(response.StatusCode, body, sentAt, RateHeaders.Of(response));
    }

    private async Task<byte[]?> ReadBoundedAsync(HttpContent content, CancellationToken cancellation)
    {
        if (content.Headers.ContentLength > _options.MaxBodyBytes)
        {
            return null;
        }

        await using var stream = await content.ReadAsStreamAsync(cancellation);
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
        {
            if (body.Length + read > _options.MaxBodyBytes)
            {
                return null;
            }

            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    private PagerDutyResult<byte[]> Judge(HttpAnswer answer)
    {
        if (answer.Body is not { } body)
        {
            return PagerDutyResult<byte[]>.Failed(
                PagerDutyOutcome.Invalid, $"PagerDuty's answer is larger than {_options.MaxBodyBytes} bytes.", answer.SentAt);
        }

        var status = (int)answer.Status;
        if (status is >= 200 and < 300)
        {
            return PagerDutyResult<byte[]>.Ok(body, answer.SentAt);
        }

        var error = ErrorBody.Parse(body, _apiKey);
        var outcome = status switch
        {
            401 => PagerDutyOutcome.Unauthorized,
            403 => PagerDutyOutcome.Forbidden,
            429 => PagerDutyOutcome.RateLimited,
            >= 500 or 408 => PagerDutyOutcome.Unavailable,
            // A proxy's 404 page must not make a service vanish.
            404 => error.IsPagerDutys ? PagerDutyOutcome.NotFound : PagerDutyOutcome.Invalid,
            >= 400 => error.Code == ErrorBody.NotFoundCode ? PagerDutyOutcome.NotFound : PagerDutyOutcome.Rejected,
            _ => PagerDutyOutcome.Invalid,
        };
        var message = error.Message.Length > 0 ? $"PagerDuty answered {status}: {error.Message}" : $"PagerDuty answered {status}.";
        return PagerDutyResult<byte[]>.Failed(outcome, message, answer.SentAt);
    }

    [LoggerMessage(Level = LogLevel.Debug, EventName = "PagerDutyRequestFailed", Message = "{Lane}: {Message}")]
    private static partial void RequestFailed(ILogger logger, RequestLane lane, string message);
}
