using System.Collections.Concurrent;
using System.Diagnostics;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Fleet.Asking;
using Border0.PdSidecar.Fleet.Facts;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Fleet.Election;

/// <summary>
/// Takes integrations that this sidecar is to poll, and gives up what it is not to poll any more. It polls from when it has seen its own
/// election key in the watch, and with it everything that was published before, until its lease may have run out.
/// </summary>
internal sealed partial class Elections(
    EtcdClient etcd,
    string member,
    PagerDutyFeeds feeds,
    FleetView view,
    MemberLease lease,
    FleetFacts facts,
    FleetOptions options,
    TimeProvider time,
    ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<IntegrationKey, Turn> _turns = [];
    private readonly ConcurrentDictionary<string, (IntegrationKey Integration, EtcdRecord Record, FleetRequest Request)> _asked = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource _woken = NewSignal();
    private readonly HashSet<long> _givenUp = [];
    private TimeSpan? _handedOverAt;

    /// <summary>The integrations that this sidecar polls.</summary>
    public IReadOnlyCollection<IntegrationKey> Polled => [.. _turns.Keys];

    /// <summary>Something has changed.</summary>
    public void Wake() => _woken.TrySetResult();

    /// <summary>A refresh has ended.</summary>
    public void Refreshed(FeedRefreshed refreshed)
    {
        if (_turns.TryGetValue(refreshed.Integration, out var turn))
        {
            turn.Writer.Refreshed(refreshed.Kind);
        }
    }

    /// <summary>Another sidecar asks for something, of whoever polls.</summary>
    public void Asked(IntegrationKey integration, EtcdRecord record, FleetRequest request)
    {
        if (request.Answer is not null)
        {
            _asked.TryRemove(record.Key, out _);
            return;
        }

        _asked[record.Key] = (integration, record, request);
        if (_turns.TryGetValue(integration, out var turn))
        {
            turn.Answer(record, request);
        }
    }

    /// <summary>It asks no more.</summary>
    public void Forget(string key) => _asked.TryRemove(key, out _);

    /// <summary>All that there is was read anew: what is asked for comes next, and what this sidecar polls it compares with that.</summary>
    public void Restart()
    {
        _asked.Clear();
        foreach (var turn in _turns.Values)
        {
            turn.Lapse();
        }
    }

    /// <summary>The lease was granted, lost, or has run out: then nothing more is asked, before anything else is done.</summary>
    public void LeaseChanged()
    {
        foreach (var turn in _turns.Values)
        {
            if (!turn.Holds)
            {
                turn.Lapse();
            }
        }

        Wake();
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var woken = _woken.Task;
            if (woken.IsCompleted)
            {
                _woken = NewSignal();
                woken = _woken.Task;
            }

            TimeSpan? next;
            try
            {
                next = await LookAsync(cancellation);
            }
            catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException)
            {
                ElectionFailed(logger, e.Message);
                next = view.Now + LookAgain;
            }

            if (next is not { } at)
            {
                await woken.WaitAsync(cancellation);
                continue;
            }

            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var wait = at - view.Now;
            await Task.WhenAny(woken, Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), time, waiting.Token));
            await waiting.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Ends every turn; what was found is published first, as far as that is possible at once.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var turn in _turns.Values)
        {
            await EndAsync(turn, flush: true);
        }
    }

    /// <summary>Looks at every integration once, and says when to look again.</summary>
    private async Task<TimeSpan?> LookAsync(CancellationToken cancellation)
    {
        foreach (var turn in _turns.Values)
        {
            if (feeds.Find(turn.Feed.Key) != turn.Feed || turn.HasLapsed || !IsMine(turn.Feed.Key, turn.Writer.Token))
            {
                await EndAsync(turn, flush: false);
            }
        }

        TimeSpan? next = null;
        var members = view.Members;
        foreach (var feed in feeds.All)
        {
            var poller = view.PollerOf(feed.Key);
            feed.PolledBy = poller is { } by ? view.NameOf(by.Member) : "";
            if (poller is { } own && IsMine(feed.Key, own.Token) && !_turns.ContainsKey(feed.Key))
            {
                Begin(feed, own);
            }

            if (!view.IsKnown || !lease.Holds)
            {
                continue;
            }

            var plan = Candidacy.Decide(member, feed.Key, members, poller?.Member, poller is null ? view.VacantSince(feed.Key) : default, _handedOverAt, view.Now, options);
            switch (plan.Step)
            {
                case Step.Campaign:
                    await CampaignAsync(feed.Key, cancellation);
                    next = Earlier(next, view.Now + LookAgain);
                    break;
                case Step.HandOver when _turns.TryGetValue(feed.Key, out var turn):
                    _handedOverAt = view.Now;
                    await HandOverAsync(turn, cancellation);
                    break;
                default:
                    next = Earlier(next, plan.At);
                    break;
            }
        }

        foreach (var gone in view.PolledBy(member).Where(i => feeds.Find(i) is null))
        {
            await GiveUpAsync(gone, cancellation);
        }

        return next;
    }

    private bool IsMine(IntegrationKey integration, long token) =>
        view.PollerOf(integration) is { } poller && poller.Member == member && poller.Token == token && poller.Lease == lease.Id && lease.Holds
        && !_givenUp.Contains(token);

    private void Begin(PagerDutyFeed feed, FleetView.Poller poller)
    {
        var (published, otherAccounts) = facts.BeginTurn(feed);
        var writer = new FactsWriter(etcd, feed, poller.Token, published, otherAccounts, time, logger);
        var turn = new Turn(etcd, feed, writer, () => lease.Id == poller.Lease && lease.Holds, logger);
        _turns[feed.Key] = turn;
        FleetMetrics.Turns.Add(1, new TagList { { "integration", feed.Key.ToString() }, { "what", "begun" } });
        TurnBegun(logger, feed.Key, poller.Token);
        foreach (var (integration, record, request) in _asked.Values)
        {
            if (integration == feed.Key)
            {
                turn.Answer(record, request);
            }
        }
    }

    private async Task EndAsync(Turn turn, bool flush)
    {
        turn.Feed.EndTurn();
        if (flush)
        {
            await FlushAsync(turn);
        }

        _turns.TryRemove(turn.Feed.Key, out _);
        await turn.DisposeAsync();
        facts.EndTurn(turn.Feed);
        FleetMetrics.Turns.Add(1, new TagList { { "integration", turn.Feed.Key.ToString() }, { "what", "ended" } });
        TurnEnded(logger, turn.Feed.Key, turn.Writer.Token);
    }

    private async Task FlushAsync(Turn turn)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), time);
        try
        {
            await turn.Writer.FlushAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // Whoever polls next asks PagerDuty by itself.
            return;
        }
    }

    private async Task CampaignAsync(IntegrationKey integration, CancellationToken cancellation)
    {
        var key = FleetKeys.Poller(integration);
        await etcd.CommitAsync(new EtcdTransaction().IfAbsent(key).Put(key, ByteString.CopyFromUtf8(member), lease.Id), cancellation);
    }

    private async Task HandOverAsync(Turn turn, CancellationToken cancellation)
    {
        var key = FleetKeys.Poller(turn.Feed.Key);
        await EndAsync(turn, flush: true);

        // Until the watch tells that it is gone, it is not to be taken for this sidecar's again.
        _givenUp.Add(turn.Writer.Token);
        try
        {
            await etcd.CommitAsync(new EtcdTransaction().IfCreatedAt(key, turn.Writer.Token).Delete(key), cancellation);
        }
        catch (EtcdUnavailableException)
        {
            _givenUp.Remove(turn.Writer.Token);
            throw;
        }
    }

    /// <summary>There is no such integration any more: nobody polls it, and nothing is kept of it.</summary>
    private async Task GiveUpAsync(IntegrationKey integration, CancellationToken cancellation)
    {
        if (view.PollerOf(integration) is { } poller && poller.Member == member)
        {
            var key = FleetKeys.Poller(integration);
            await etcd.CommitAsync(
                new EtcdTransaction().IfCreatedAt(key, poller.Token).Delete(key).Delete(FleetKeys.Written(integration)).DeleteAll(FleetKeys.FactsOf(integration)), cancellation);
        }
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Information, EventName = "PollingTurnBegun", Message = "{Integration}: polled by this sidecar from now on, under token {Token}")]
    private static partial void TurnBegun(ILogger logger, IntegrationKey integration, long token);

    [LoggerMessage(Level = LogLevel.Information, EventName = "PollingTurnEnded", Message = "{Integration}: no longer polled by this sidecar (token {Token})")]
    private static partial void TurnEnded(ILogger logger, IntegrationKey integration, long token);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "ElectionFailed", Message = "Who polls could not be decided and is tried again: {Why}")]
    private static partial void ElectionFailed(ILogger logger, string why);
}
