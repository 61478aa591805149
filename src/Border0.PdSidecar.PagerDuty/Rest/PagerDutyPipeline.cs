using System.Threading.RateLimiting;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>Builds the resilience of one key's requests.</summary>
internal static class PagerDutyPipeline
{
    /// <summary>
    /// Around everything: jittered retries. Each attempt asks the rate budget anew, which is why this is apart from
    /// <see cref="Attempt"/>: time spent waiting for the budget must neither time out nor hold a slot.
    /// </summary>
    public static ResiliencePipeline<HttpAnswer> Retry(PagerDutyClientOptions options, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<HttpAnswer> { TimeProvider = time };
        if (options.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpAnswer>
            {
                ShouldHandle = static args => ValueTask.FromResult(IsTransient(args.Outcome)),
                MaxRetryAttempts = options.Retries,
                Delay = options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            });
        }

        return builder.Build();
    }

    /// <summary>Around one attempt: bounded concurrency, circuit breaker, time-out.</summary>
    public static ResiliencePipeline<HttpAnswer> Attempt(PagerDutyClientOptions options, TimeProvider time) =>
        new ResiliencePipelineBuilder<HttpAnswer> { TimeProvider = time }
            .AddConcurrencyLimiter(new ConcurrencyLimiterOptions
            {
                PermitLimit = options.Concurrency,
                QueueLimit = 10_000,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpAnswer>
            {
                ShouldHandle = static args => ValueTask.FromResult(IsTransient(args.Outcome)),
                FailureRatio = options.BreakerFailureRatio,
                MinimumThroughput = 8,
                SamplingDuration = TimeSpan.FromSeconds(30),
                BreakDuration = options.BreakerDuration,
            })
            .AddTimeout(options.AttemptTimeout)
            .Build();

    /// <summary>Whether an exception says that PagerDuty could not be reached.</summary>
    public static bool IsNetwork(Exception exception) =>
        exception is HttpRequestException or IOException or TimeoutRejectedException;

    private static bool IsTransient(Outcome<HttpAnswer> outcome) =>
        outcome.Exception is { } exception ? IsNetwork(exception) && AddressRefusedException.In(exception) is null : outcome.Result?.IsTransient == true;
}
