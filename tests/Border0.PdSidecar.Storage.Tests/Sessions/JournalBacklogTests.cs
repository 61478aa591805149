using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Storage.Sqlite;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

public sealed class JournalBacklogTests
{
    private readonly FakeTimeProvider _time = new(Entries.Start);

    [Fact]
    public Task What_it_forgets_makes_no_difference() => Gen.Select(Steps(0, 30), Steps(1, 300)).SampleAsync(
        async (stored, late) =>
        {
            var logs = new Dictionary<string, (long Head, long Oldest)>();
            var before = stored.Select(s => Entry(s, logs)).ToList();
            var onDisk = (await JournalStates.OfAsync(before)).Sessions.Select(s => s.Request.SessionKey).ToHashSet();
            var backlog = new JournalBacklog((_, key) => onDisk.Contains(key), _time, least: 4);
            var after = late.Select(s => Entry(s, logs)).ToList();
            after.ForEach(backlog.Add);

            Assert.Equal(
                (await JournalStates.OfAsync([.. before, .. after])).Describe(_time.GetUtcNow()),
                (await JournalStates.OfAsync([.. before, .. backlog.Entries])).Describe(_time.GetUtcNow()));
        },
        iter: Soak.Runs(2_000, 50_000),
        threads: 2);

    [Fact]
    public void However_much_comes_and_goes_it_holds_little_more_than_what_is_left()
    {
        const int least = 1_000;
        var backlog = new JournalBacklog((_, _) => false, _time, least);
        for (var i = 1; i <= 200_000; i++)
        {
            backlog.Add(Entries.Put($"s{i}"));
            backlog.Add(Entries.Event(i, ended: Entries.Removed($"s{i}")));
            if (i > 50)
            {
                backlog.Add(Entries.Trimmed(i - 50));
            }
        }

        Assert.InRange(backlog.Entries.Count, 51, least);
    }

    [Fact]
    public void What_counts_is_never_forgotten()
    {
        var backlog = new JournalBacklog((_, _) => false, _time, least: 10);
        for (var i = 1; i <= 1_000; i++)
        {
            backlog.Add(Entries.Put($"s{i}"));
            backlog.Add(Entries.Event(i));
        }

        Assert.Equal(2_000, backlog.Entries.Count);
    }

    [Fact]
    public void Written_it_is_empty()
    {
        var backlog = new JournalBacklog((_, _) => true, _time, least: 2);
        backlog.Add(Entries.Put("a"));
        backlog.Clear();
        Assert.Empty(backlog.Entries);
    }

    private static Gen<int[]> Steps(int least, int most) => Gen.Int[0, 99_999].Array[least, most];

    private static JournalEntry Entry(int step, Dictionary<string, (long Head, long Oldest)> logs)
    {
        var value = step / 8;
        var removed = Entries.Removed($"s{value % 10}", final: value % 7 == 0 ? Entries.Start.AddHours((value % 5) - 1) : null);
        var connector = $"c{value % 3}";
        var (head, oldest) = logs.GetValueOrDefault(connector, (0, 1));
        switch (step % 8)
        {
            case 0 or 1 or 2:
                return Entries.Put($"s{value % 10}", $"db-{value}");
            case 3:
                return removed;
            case 4 or 5 or 6:
                logs[connector] = (head + 1, oldest);
                return Entries.Event(head + 1, connector, ended: value % 2 == 0 ? removed : null);
            default:
                var to = Math.Min(head + 1, oldest + (value % 5));
                logs[connector] = (head, to);
                return Entries.Trimmed(to, connector);
        }
    }
}
