using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>
/// Fetches single services of one integration out of turn: one fetch for any number of waiters, and no storm while
/// PagerDuty fails. Safe from any thread.
/// </summary>
internal sealed partial class OnDemandFetches(
    PagerDutyFeed feed, ServicesRefresh services, IncidentsRefresh incidents, CancellationToken stop)
{
    private const int MaxRemembered = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<PagerDutyOutcome>> _underWay = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long At, PagerDutyOutcome Outcome)> _failed = new(StringComparer.Ordinal);

    public ValueTask<PagerDutyOutcome> EnsureKnownAsync(string serviceId, CancellationToken cancellation)
    {
        if (IsKnown(serviceId))
        {
            return ValueTask.FromResult(PagerDutyOutcome.Ok);
        }

        Task<PagerDutyOutcome> fetch;
        lock (_lock)
        {
            if (!_underWay.TryGetValue(serviceId, out fetch!))
            {
                if (_failed.TryGetValue(serviceId, out var last)
                    && feed.Time.GetElapsedTime(last.At) < Pause(last.Outcome))
                {
                    return ValueTask.FromResult(last.Outcome);
                }

                fetch = Begin(serviceId);
            }
        }

        return new ValueTask<PagerDutyOutcome>(fetch.WaitAsync(cancellation));
    }

    public void Refetch(string serviceId)
    {
        if (!feed.Turn.IsMine)
        {
            // Whoever polls is told the same, and does it.
            return;
        }

        lock (_lock)
        {
            // One that is under way may have asked too early: another follows it.
            if (_underWay.TryGetValue(serviceId, out var earlier))
            {
                _ = earlier.ContinueWith(
                    _ => Refetch(serviceId), stop, TaskContinuationOptions.None, TaskScheduler.Default);
                return;
            }

            Begin(serviceId);
        }
    }

    public async Task WhenIdleAsync()
    {
        Task[] tasks;
        lock (_lock)
        {
            tasks = [.. _underWay.Values];
        }

        await Task.WhenAll(tasks);
    }

    /// <summary>Whether a decision has all it may need; facts at rest count once polls had their chance.</summary>
    private bool IsKnown(string serviceId)
    {
        var facts = feed.Publisher.Current;
        if (!facts.Services.TryGetValue(serviceId, out var service)
            || (!IsFresh(service.AsOf, RefreshKind.Services, TimeSpan.FromHours(1))))
        {
            return false;
        }

        return !service.Exists
            || (facts.Incidents.TryGetValue(serviceId, out var open)
                && IsFresh(open.AsOf, RefreshKind.Incidents, ColdAge)
                && (service.EscalationPolicyId is not { } id
                    || (facts.EscalationPolicies.TryGetValue(id, out var policy)
                        && IsFresh(policy.AsOf, RefreshKind.OnCall, ColdAge))));
    }

    // At a warm start the facts at rest may be too old to allow anybody; the first refresh is about to replace them.
    private static readonly TimeSpan ColdAge = TimeSpan.FromSeconds(30);

    private bool IsFresh(DateTimeOffset asOf, RefreshKind kind, TimeSpan age) =>
        feed.HasHeard(kind) || feed.Time.GetUtcNow() - asOf < age;

    private TimeSpan Pause(PagerDutyOutcome outcome) =>
        outcome is PagerDutyOutcome.Unauthorized or PagerDutyOutcome.Forbidden
            ? feed.Options.UnauthorizedInterval
            : feed.Options.OnDemandPause;

    private Task<PagerDutyOutcome> Begin(string serviceId)
    {
        // Not on the caller's thread: it holds the lock, and may be answering a connection.
        var fetch = Task.Run(() => FetchAsync(serviceId));
        _underWay.Add(serviceId, fetch);
        _ = fetch.ContinueWith(_ => End(serviceId, fetch), TaskScheduler.Default);
        return fetch;
    }

    private void End(string serviceId, Task<PagerDutyOutcome> fetch)
    {
        lock (_lock)
        {
            _underWay.Remove(serviceId);
            if (fetch.Result == PagerDutyOutcome.Ok)
            {
                _failed.Remove(serviceId);
                return;
            }

            if (_failed.Count >= MaxRemembered)
            {
                _failed.Clear();
            }

            _failed[serviceId] = (feed.Time.GetTimestamp(), fetch.Result);
        }
    }

    private async Task<PagerDutyOutcome> FetchAsync(string serviceId)
    {
        try
        {
            if (!feed.Turn.IsMine)
            {
                return feed.Fleet is { } fleet ? await fleet.FetchAsync(feed.Key, serviceId, stop) : PagerDutyOutcome.Unavailable;
            }

            var asked = services.AskOneAsync(serviceId, RequestPriority.OnDemand, stop);
            var open = incidents.RunAsync([serviceId], RequestPriority.OnDemand, stop);
            var answer = await asked;
            var opened = await open;
            ServiceFacts service;
            if (answer.IsOk)
            {
                feed.NamePolicy(answer.Value);
                service = answer.Value.Facts;
            }
            else if (answer.Outcome == PagerDutyOutcome.NotFound)
            {
                service = new ServiceFacts { Id = serviceId, Exists = false, Name = serviceId, AsOf = answer.AsOf };
            }
            else
            {
                return answer.Outcome;
            }

            var published = await services.PublishAsync([service], RequestPriority.OnDemand, stop);
            return (service.Exists ? opened.And(published) : published).Outcome;
        }
        catch (OperationCanceledException)
        {
            return PagerDutyOutcome.Unavailable;
        }
        catch (Exception e)
        {
            FetchThrew(feed.Logger, feed.Key, serviceId, e);
            return PagerDutyOutcome.Invalid;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error, EventName = "FetchThrew", Message = "{Integration}: fetching service {Service} failed unexpectedly")]
    private static partial void FetchThrew(ILogger logger, IntegrationKey integration, string service, Exception exception);
}
