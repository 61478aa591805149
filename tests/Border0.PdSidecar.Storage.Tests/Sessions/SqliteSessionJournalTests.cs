using System.Collections.Concurrent;
using System.Diagnostics;
using Border0.PdSidecar.Storage.Tests.Sqlite;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

public sealed class SqliteSessionJournalTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(10);

    [Fact]
    public async Task An_entry_is_said_to_be_durable_only_when_another_process_could_read_it()
    {
        await using var disk = new DiskJournal();
        var seen = new ConcurrentQueue<long>();
        for (var i = 1; i <= 50; i++)
        {
            disk.Journal.Append(Entries.Event(i), (_, durable) =>
            {
                Assert.True(durable);
                seen.Enqueue(disk.OnDiskNowAsync().GetAwaiter().GetResult().Heads.Values.Single());
            });
        }

        await disk.Journal.FlushAsync(default);
        Assert.Equal(50, seen.Count);
        Assert.All(seen.Select((onDisk, i) => (onDisk, revision: i + 1)), s => Assert.True(s.onDisk >= s.revision, $"{s}"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    public async Task What_one_change_ends_is_in_the_tables_once_it_is_quiet_and_counts_before(int sessions)
    {
        await using var disk = new DiskJournal();
        disk.Append([.. Enumerable.Range(1, sessions).Select(i => Entries.Put($"s{i}"))]);
        disk.Append([.. Enumerable.Range(1, sessions).Select(i => Entries.Event(i, ended: Entries.Removed($"s{i}")))]);
        var state = await disk.OnDiskAsync();
        Assert.Empty(state.Sessions);
        Assert.Equal(Enumerable.Range(1, sessions).Select(i => (long)i), state.Events.Select(e => e.Revision));

        for (var deadline = DateTime.UtcNow.AddSeconds(60); (long)SqliteStore.Sql(disk.File, "SELECT count(*) FROM events")! < sessions && DateTime.UtcNow < deadline;)
        {
            disk.Time.Advance(TimeSpan.FromMilliseconds(50));
            await disk.Journal.FlushAsync(default);
        }

        Assert.Equal((long)sessions, SqliteStore.Sql(disk.File, "SELECT count(*) FROM events"));
        Assert.Equal(0L, SqliteStore.Sql(disk.File, "SELECT count(*) FROM groups"));
        Assert.Equal(0L, SqliteStore.Sql(disk.File, "SELECT count(*) FROM sessions"));
        Assert.Equal(state.Describe(disk.Time.GetUtcNow()), (await disk.OnDiskAsync()).Describe(disk.Time.GetUtcNow()));
    }

    [Fact]
    public async Task An_event_and_the_session_that_it_ends_are_durable_together()
    {
        await using var disk = new DiskJournal();
        await disk.WriteAsync(Entries.Put("a"), Entries.Put("b"));
        await disk.WriteAsync(Entries.Event(1, ended: Entries.Removed("a", final: Entries.Start.AddHours(24))));
        var state = await disk.OnDiskAsync();
        Assert.Equal("b", Assert.Single(state.Sessions).Request.SessionKey);
        Assert.Single(state.Events);
        Assert.Equal((Entries.Organization, "a", Entries.Start.AddHours(24)), Assert.Single(state.FinalKeys));
    }

    [Fact]
    public async Task A_log_that_was_trimmed_empty_still_stands_where_it_stood()
    {
        await using var disk = new DiskJournal();
        await disk.WriteAsync(Entries.Event(1), Entries.Event(2), Entries.Event(3), Entries.Trimmed(4));
        var state = await disk.ReopenAsync();
        Assert.Empty(state.Events);
        Assert.Equal(3, Assert.Single(state.Heads).Value);
    }

    [Fact]
    public async Task Final_keys_that_may_be_used_again_do_not_stay_on_disk()
    {
        await using var disk = new DiskJournal();
        foreach (var i in Enumerable.Range(1, 100))
        {
            await disk.WriteAsync(Entries.Removed($"s{i}", final: disk.Time.GetUtcNow().AddHours(24)));
            disk.Time.Advance(TimeSpan.FromHours(1));
        }

        Assert.InRange((long)SqliteStore.Sql(disk.File, "SELECT count(*) FROM final_keys")!, 23, 25);
    }

    [Fact]
    public async Task What_was_read_at_start_is_not_kept_in_memory()
    {
        await using var disk = new DiskJournal();
        await disk.Journal.LoadAsync(default);
        await Assert.ThrowsAsync<InvalidOperationException>(() => disk.Journal.LoadAsync(default));
    }

    [Fact]
    public async Task After_the_stop_an_event_is_delivered_all_the_same()
    {
        var disk = new DiskJournal();
        await disk.DisposeAsync();
        bool? durable = null;
        disk.Journal.Append(Entries.Event(1), (_, d) => durable = d);
        Assert.False(durable);
        await disk.Journal.FlushAsync(default);
    }

    [Fact]
    public async Task A_stop_writes_all_that_was_appended()
    {
        await using var disk = new DiskJournal();
        disk.Append([.. Enumerable.Range(1, 5_000).Select(i => Entries.Event(i))]);
        Assert.Equal(5_000, (await disk.ReopenAsync()).Events.Count);
    }

    [Fact]
    public async Task Of_many_who_append_at_once_everybodys_order_is_kept()
    {
        const int writers = 4;
        var each = Soak.Runs(10_000, 100_000);
        await using var disk = new DiskJournal();
        var settled = Enumerable.Range(0, writers).Select(_ => new List<int>()).ToArray();
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(w => Task.Run(() =>
        {
            for (var i = 1; i <= each; i++)
            {
                var number = i;
                disk.Journal.Append(Entries.Event(number, $"c{w}"), (_, durable) =>
                {
                    Assert.True(durable);
                    settled[w].Add(number);
                });
            }
        })));
        await disk.Journal.FlushAsync(default);
        output.WriteLine($"{writers * each} events appended at once: {writers * each / watch.Elapsed.TotalSeconds:0} a second durable");

        Assert.All(settled, s => Assert.Equal(Enumerable.Range(1, each), s));
        var state = await disk.ReopenAsync();
        Assert.All(Enumerable.Range(0, writers), w => Assert.Equal(
            Enumerable.Range(1, each).Select(i => (long)i), state.Events.Where(e => e.ConnectorId == $"c{w}").Select(e => e.Revision)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task Nearly_everything_is_durable_within_the_window(int together)
    {
        await using var disk = new DiskJournal();
        var waits = new List<double>();
        for (var round = 0; round < 1_000; round++)
        {
            var durable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var began = Stopwatch.GetTimestamp();
            for (var i = 1; i < together; i++)
            {
                disk.Journal.Append(Entries.Put($"s{i}"));
            }

            disk.Journal.Append(Entries.Event(round + 1), (_, _) =>
            {
                waits.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                durable.SetResult();
            });
            await durable.Task;
        }

        waits.Sort();
        output.WriteLine($"{together} appended at once: durable after {waits[500]:0.00} ms (median), {waits[900]:0.00} ms (p90), {waits[990]:0.00} ms (p99), {waits[^1]:0.00} ms (longest)");

        // Nine of ten: the tenth may be the machine's, which runs other tests at the same time.
        Assert.True(waits[900] <= Window.TotalMilliseconds, $"{waits[900]} ms");
    }
}
