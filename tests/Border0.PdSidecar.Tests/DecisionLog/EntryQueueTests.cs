using Border0.PdSidecar.DecisionLog;

namespace Border0.PdSidecar.Tests.DecisionLog;

public sealed class EntryQueueTests
{
    [Fact]
    public void FirstIn_FirstOut_AndFullIsSaid()
    {
        var queue = new EntryQueue(4);
        var lines = new LineBuffer(16);
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 4; i++)
            {
                Assert.True(queue.TryAdd(Entry(i), Line(i), out var position));
                Assert.Equal(round * 4 + i, position);
            }

            Assert.False(queue.TryAdd(Entry(9), default, out var full));
            Assert.Equal(round * 4 + 4, full);
            for (var i = 0; i < 4; i++)
            {
                lines.Clear();
                Assert.True(queue.TryTake(lines, out var taken));
                Assert.Equal(i, taken.Ticks);
                Assert.Equal(Line(i), lines.Written);
            }

            Assert.False(queue.TryTake(lines, out _));
        }
    }

    [Fact]
    public async Task ManyThreads_EveryEntryOnce_EachThreadInOrder()
    {
        const int Threads = 4;
        const int Each = 50_000;
        var queue = new EntryQueue(32);
        var lines = new LineBuffer(16);
        var adding = Enumerable.Range(0, Threads).Select(t => Task.Run(() =>
        {
            var wait = new SpinWait();
            for (var i = 0; i < Each; i++)
            {
                var number = t * 1_000_000L + i;
                while (!queue.TryAdd(Entry(number), Line(number), out _))
                {
                    wait.SpinOnce();
                }
            }
        })).ToList();
        var next = new long[Threads];
        var patience = new SpinWait();
        for (var taken = 0; taken < Threads * Each;)
        {
            lines.Clear();
            if (!queue.TryTake(lines, out var entry))
            {
                patience.SpinOnce();
                continue;
            }

            var thread = entry.Ticks / 1_000_000;
            Assert.Equal(next[thread]++, entry.Ticks % 1_000_000);
            Assert.True(lines.Written.SequenceEqual(Line(entry.Ticks)), "a line of another entry");
            taken++;
        }

        await Task.WhenAll(adding);
        Assert.False(queue.TryTake(lines, out _));
    }

    private static LogEntry Entry(long ticks) => LogEntry.Told(ticks);

    /// <summary>None, or one that is the longer the larger the number is: rooms are used again, and grow.</summary>
    private static byte[] Line(long number) => [.. Enumerable.Repeat((byte)number, (int)(number % 4 * 700))];
}
