using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Tests.DecisionLog;

public sealed class EntryQueueTests
{
    [Fact]
    public void FirstIn_FirstOut_AndFullIsSaid()
    {
        var queue = new EntryQueue(4);
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 4; i++)
            {
                Assert.True(queue.TryAdd(Entry(i), out var position));
                Assert.Equal(round * 4 + i, position);
            }

            Assert.False(queue.TryAdd(Entry(9), out var full));
            Assert.Equal(round * 4 + 4, full);
            for (var i = 0; i < 4; i++)
            {
                Assert.True(queue.TryTake(out var taken));
                Assert.Equal(i, taken.Ticks);
            }

            Assert.False(queue.TryTake(out _));
        }
    }

    [Fact]
    public async Task ManyThreads_EveryEntryOnce_EachThreadInOrder()
    {
        const int Threads = 4;
        const int Each = 50_000;
        var queue = new EntryQueue(32);
        var adding = Enumerable.Range(0, Threads).Select(t => Task.Run(() =>
        {
            var wait = new SpinWait();
            for (var i = 0; i < Each; i++)
            {
                while (!queue.TryAdd(Entry(t * 1_000_000L + i), out _))
                {
                    wait.SpinOnce();
                }
            }
        })).ToList();
        var next = new long[Threads];
        var patience = new SpinWait();
        for (var taken = 0; taken < Threads * Each;)
        {
            if (!queue.TryTake(out var entry))
            {
                patience.SpinOnce();
                continue;
            }

            var thread = entry.Ticks / 1_000_000;
            Assert.Equal(next[thread]++, entry.Ticks % 1_000_000);
            taken++;
        }

        await Task.WhenAll(adding);
        Assert.False(queue.TryTake(out _));
    }

    private static readonly EvaluateRequest Request = new();
    private static readonly EvaluateResponse Response = new();

    private static LogEntry Entry(long ticks) => LogEntry.Decision(ticks, Request, Response, PolicySnapshot.Empty, null);
}
