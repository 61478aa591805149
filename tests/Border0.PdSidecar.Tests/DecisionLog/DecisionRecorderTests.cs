using System.Diagnostics.Metrics;
using Border0.PdSidecar.DecisionLog;
using Decision = Border0.PdSidecar.V1.Decision;

namespace Border0.PdSidecar.Tests.DecisionLog;

public sealed class DecisionRecorderTests
{
    private readonly MemorySink _sink = new();

    [Fact]
    public async Task Records_WaitForMore_AndAreWrittenTogetherInOrder()
    {
        await using var recorded = new Recorded(sinks: _sink);
        await recorded.DecideAsync("r1");
        recorded.Revoke("s1");
        await recorded.DecideAsync("r2");
        Assert.Equal((0, 3L), (_sink.Writes, recorded.Log.Waiting));

        recorded.Pass();

        Assert.Equal(["r1", "s1", "r2"], Recorded.Told(_sink.Records));
        Assert.Equal((1, 0L, 3L, 0L), (_sink.Writes, recorded.Log.Waiting, recorded.Log.Written, recorded.Log.Missing));
    }

    [Fact]
    public async Task Idle_IsNotWokenUp()
    {
        await using var recorded = new Recorded(sinks: _sink);
        await recorded.DecideAsync("r1");
        recorded.Pass();
        var writes = _sink.Writes;

        recorded.Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(writes, _sink.Writes);
    }

    [Fact]
    public async Task Block_FullQueue_CallersWaitWithoutAThread_AndNothingIsLost()
    {
        await using var recorded = new Recorded(sinks: _sink);
        await FillAsync(recorded);
        var decisions = Enumerable.Range(0, 200).Select(i => recorded.DecideAsync($"r{i}")).ToList();
        Assert.DoesNotContain(decisions, d => d.IsCompleted);

        _sink.GoOn();
        await Task.WhenAll(decisions).WaitAsync(TimeSpan.FromSeconds(60));
        await recorded.Log.DisposeAsync();

        var told = Recorded.Told(_sink.Records);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"r{i}").Order(StringComparer.Ordinal), told.Where(t => t[0] == 'r').Order(StringComparer.Ordinal));
        Assert.Equal((217L, 0L), (recorded.Log.Written, recorded.Log.Missing));
    }

    [Fact]
    public async Task Block_ManyThreads_EachInItsOwnOrder_NothingLost()
    {
        await using var recorded = new Recorded(capacity: 64, sinks: _sink);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(t => Task.Run(async () =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                await recorded.DecideAsync($"{t}:{i}");
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60));
        await recorded.Log.DisposeAsync();

        var told = Recorded.Told(_sink.Records);
        for (var t = 0; t < 4; t++)
        {
            var prefix = $"{t}:";
            Assert.Equal(Enumerable.Range(0, 5_000).Select(i => prefix + i), told.Where(r => r.StartsWith(prefix, StringComparison.Ordinal)));
        }

        Assert.Equal(20_000, told.Length);
    }

    [Fact]
    public async Task Block_CallerThatGivesUp_IsCountedAsMissing()
    {
        await using var recorded = new Recorded(sinks: _sink);
        _sink.StandStill();
        using var givesUp = new CancellationTokenSource();
        var waiting = await UntilOneWaitsAsync(recorded, givesUp.Token);

        await givesUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        _sink.GoOn();
        await recorded.Log.DisposeAsync();

        Assert.Equal("gap 1", Assert.Single(Recorded.Told(_sink.Records), r => r.StartsWith("gap", StringComparison.Ordinal)));
        Assert.Equal(1, recorded.Log.Missing);
    }

    [Fact]
    public async Task Block_SinkThatStandsStill_DoesNotStopDecisionsForEver()
    {
        await using var recorded = new Recorded(sinks: _sink);
        _sink.StandStill();
        var waiting = await UntilOneWaitsAsync(recorded, default);
        Assert.True(recorded.Log.IsHealthy);

        recorded.Time.Advance(DecisionRecorder.LongestStandstill);
        await waiting.WaitAsync(TimeSpan.FromSeconds(60));
        var next = recorded.DecideAsync("next");

        Assert.True(next.IsCompletedSuccessfully, "it was known to stand still");
        Assert.Contains("stands still", recorded.Log.Trouble, StringComparison.Ordinal);
        _sink.GoOn();
        await recorded.Log.DisposeAsync();
        Assert.Contains("gap 2", Recorded.Told(_sink.Records));
        Assert.True(recorded.Log.IsHealthy);
    }

    [Fact]
    public async Task DropAndCount_LeavesAGapWhereTheyAreMissing_WithCountAndSpan()
    {
        await using var recorded = new Recorded(DecisionLogWhenFull.DropAndCount, sinks: _sink);
        await FillAsync(recorded);
        var before = recorded.Log.Waiting;
        recorded.Time.Advance(TimeSpan.FromMilliseconds(7));
        await recorded.DecideAsync("lost1");
        recorded.Time.Advance(TimeSpan.FromMilliseconds(11));
        await recorded.DecideAsync("lost2");
        await recorded.DecideAsync("lost3");
        recorded.Time.Advance(TimeSpan.FromMilliseconds(1));

        _sink.GoOn();
        await Eventually(() =>
        {
            recorded.Pass();
            return recorded.Log.Written == before + 9;
        });
        await recorded.DecideAsync("after");
        await recorded.Log.DisposeAsync();

        var records = _sink.Records;
        Assert.Equal("gap 3", Recorded.Told(records)[^2]);
        Assert.Equal("after", Recorded.Told(records)[^1]);
        var gap = records[^2];
        Assert.Equal("QUEUE_FULL", gap.GetProperty("cause").GetString());
        Assert.Equal(TimeSpan.FromMilliseconds(11), gap.GetProperty("to").GetDateTimeOffset() - gap.GetProperty("from").GetDateTimeOffset());
        Assert.Equal((before + 10, 3L), (recorded.Log.Written, recorded.Log.Missing));
    }

    [Fact]
    public async Task Revocations_AlwaysEnter_UpToABound_AndTheRestIsCounted()
    {
        await using var recorded = new Recorded(mostAside: 4, sinks: _sink);
        await FillAsync(recorded);
        for (var i = 0; i < 6; i++)
        {
            recorded.Revoke($"s{i}");
        }

        _sink.GoOn();
        await recorded.Log.DisposeAsync();

        var told = Recorded.Told(_sink.Records);
        Assert.Equal(["s0", "s1", "s2", "s3"], told.Where(t => t[0] == 's'));
        Assert.Single(told, "gap 2");
    }

    [Fact]
    public async Task Denies_LeavesAllowsOut()
    {
        await using var recorded = new Recorded(filter: DecisionLogFilter.Denies, sinks: _sink);
        await recorded.DecideAsync("allowed", Decision.Allow);
        await recorded.DecideAsync("denied");
        recorded.Revoke("revoked");
        recorded.Pass();

        Assert.Equal(["denied", "revoked"], Recorded.Told(_sink.Records));
    }

    [Fact]
    public async Task Metrics_TellWhatIsWrittenMissingAndWaiting()
    {
        await using var recorded = new Recorded(sinks: _sink);
        _sink.Refuse("no");
        await recorded.DecideAsync("lost");
        recorded.Pass();
        _sink.Refuse(null);
        await recorded.DecideAsync("written");
        recorded.Time.Advance(TimeSpan.FromSeconds(1));
        await recorded.DecideAsync("waits1");
        await recorded.DecideAsync("waits2");

        // Other logs of this process may be on the same meter; this one's values are among those seen.
        var seen = new List<(string, long)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name.StartsWith("pdsidecar.decision_log.", StringComparison.Ordinal))
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen.Add((instrument.Name, value)));
        listener.Start();
        listener.RecordObservableInstruments();

        Assert.Contains(("pdsidecar.decision_log.written", 1), seen);
        Assert.Contains(("pdsidecar.decision_log.missing", 1), seen);
        Assert.Contains(("pdsidecar.decision_log.queue", 2), seen);
    }

    [Fact]
    public async Task Off_RecordsNothing()
    {
        await using var recorded = new Recorded();
        for (var i = 0; i < 100; i++)
        {
            Assert.True(recorded.DecideAsync($"r{i}").IsCompletedSuccessfully);
            recorded.Revoke($"s{i}");
        }

        Assert.Equal((0L, 0L), (recorded.Log.Waiting, recorded.Log.Missing));
    }

    [Fact]
    public async Task Stop_WritesWhatWaits_AndLetsWaitingCallersIn()
    {
        var recorded = new Recorded(sinks: _sink);
        await FillAsync(recorded);
        var inQueue = recorded.Log.Waiting;
        var waiting = recorded.DecideAsync("last");
        Assert.False(waiting.IsCompleted);

        var stopping = recorded.Log.DisposeAsync().AsTask();
        _sink.GoOn();
        await stopping.WaitAsync(TimeSpan.FromSeconds(60));
        await waiting.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(inQueue + 10, _sink.Records.Length);
        Assert.Equal(0, recorded.Log.Missing);
    }

    [Fact]
    public async Task SinkThatRefuses_IsSaid_AndItsGapIsToldOnceItTakesAgain()
    {
        await using var recorded = new Recorded(sinks: _sink);
        _sink.Refuse("No space left on device");
        await recorded.DecideAsync("lost1");
        recorded.Pass();
        var from = Recorded.Start;
        recorded.Time.Advance(TimeSpan.FromMilliseconds(500));
        await recorded.DecideAsync("lost2");
        recorded.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((false, 2L), (recorded.Log.IsHealthy, recorded.Log.Missing));
        Assert.Contains("No space left", recorded.Log.Trouble, StringComparison.Ordinal);

        _sink.Refuse(null);
        recorded.Time.Advance(TimeSpan.FromSeconds(1));

        var gap = Assert.Single(_sink.Records);
        Assert.Equal(("gap", 2, "NOT_WRITTEN"), (gap.GetProperty("kind").GetString(), gap.GetProperty("missing").GetInt32(), gap.GetProperty("cause").GetString()));
        Assert.Equal((from, from.AddMilliseconds(540)), (gap.GetProperty("from").GetDateTimeOffset(), gap.GetProperty("to").GetDateTimeOffset()));
        Assert.True(recorded.Log.IsHealthy);
        await recorded.DecideAsync("after");
        recorded.Pass();
        Assert.Equal(["gap 2", "after"], Recorded.Told(_sink.Records));
        Assert.Equal((1L, 2L), (recorded.Log.Written, recorded.Log.Missing));
    }

    [Fact]
    public async Task OneSinkThatRefuses_DoesNotKeepTheOtherFromTheRecords()
    {
        var good = new MemorySink();
        await using var recorded = new Recorded(sinks: [_sink, good]);
        _sink.Refuse("no");
        await recorded.DecideAsync("r1");
        recorded.Pass();
        _sink.Refuse(null);
        await recorded.DecideAsync("r2");
        recorded.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["gap 1", "r2"], Recorded.Told(_sink.Records));
        Assert.Equal(["r1", "r2"], Recorded.Told(good.Records));
    }

    /// <summary>Lets the sink stand still with nine records in its hands, and fills the queue behind it.</summary>
    private async Task FillAsync(Recorded recorded)
    {
        _sink.StandStill();
        for (var i = 0; i < 8; i++)
        {
            await recorded.DecideAsync($"held{i}");
        }

        recorded.Revoke("held8");
        await Eventually(() => _sink.Writes > 0);
        for (var i = 0; i < 8; i++)
        {
            Assert.True(recorded.DecideAsync($"q{i}").IsCompletedSuccessfully, "the queue has room for eight");
        }

        Assert.Equal(8, recorded.Log.Waiting);
    }

    private async Task<Task> UntilOneWaitsAsync(Recorded recorded, CancellationToken cancellation)
    {
        await FillAsync(recorded);
        var waiting = recorded.DecideAsync("waits", cancellation: cancellation);
        Assert.False(waiting.IsCompleted);
        return waiting;
    }

    private static async Task Eventually(Func<bool> isSo)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!isSo())
        {
            await Task.Delay(5, bound.Token);
        }
    }
}
