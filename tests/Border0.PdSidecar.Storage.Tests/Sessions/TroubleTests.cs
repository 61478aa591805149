using System.Diagnostics;
using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

/// <summary>A disk that is full, a file that is read-only, a lock that another process holds.</summary>
public sealed class TroubleTests
{
    private static readonly JournalEntry[] Heavy = [.. Enumerable.Range(1, 20).Select(i => Entries.Event(i, weight: 20_000))];

    [Theory]
    [InlineData(Trouble.Full, "full")]
    [InlineData(Trouble.ReadOnly, "readonly")]
    [InlineData(Trouble.Locked, "locked")]
    public async Task In_trouble_it_says_so_lets_events_go_on_and_records_them_by_itself_once_it_is_over(Trouble trouble, string says)
    {
        await using var disk = new DiskJournal();
        Assert.True(await disk.WriteAsync(Entries.Put("before")));
        disk.Begin(trouble);

        Assert.False(await disk.WriteAsync(Heavy));
        Assert.False(disk.Journal.IsHealthy);
        Assert.Contains(says, disk.Journal.Trouble, StringComparison.Ordinal);
        Assert.Equal(Heavy.Length, disk.Journal.Unwritten);
        Assert.Empty((await disk.OnDiskAsync()).Events);

        disk.EndTrouble();
        disk.Time.Advance(TimeSpan.FromSeconds(1));
        await disk.Journal.FlushAsync(default);
        Assert.True(disk.Journal.IsHealthy);
        Assert.Null(disk.Journal.Trouble);
        Assert.Equal(0, disk.Journal.Unwritten);
        Assert.Equal(["JournalNotWritable", "JournalWritableAgain"], disk.Log.Events);

        Assert.True(await disk.WriteAsync(Entries.Event(21)));
        var events = (await disk.OnDiskAsync()).Events;
        Assert.Equal(Enumerable.Range(1, 21).Select(i => (long)i), events.Select(e => e.Revision));
    }

    [Theory]
    [InlineData(Trouble.Full)]
    [InlineData(Trouble.ReadOnly)]
    [InlineData(Trouble.Locked)]
    public async Task As_long_as_it_lasts_it_is_tried_again_every_second_and_told_once(Trouble trouble)
    {
        await using var disk = new DiskJournal();
        disk.Begin(trouble);
        Assert.False(await disk.WriteAsync(Heavy));
        for (var i = 0; i < 30; i++)
        {
            Assert.False(await disk.WriteAsync(Entries.Put($"s{i}")));
            disk.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await disk.Journal.FlushAsync(default);
        disk.EndTrouble();
        disk.Time.Advance(TimeSpan.FromSeconds(0.9));
        await disk.Journal.FlushAsync(default);
        Assert.False(disk.Journal.IsHealthy);
        disk.Time.Advance(TimeSpan.FromSeconds(0.1));
        await disk.Journal.FlushAsync(default);

        Assert.True(disk.Journal.IsHealthy);
        Assert.Equal(["JournalNotWritable", "JournalWritableAgain"], disk.Log.Events);
        Assert.Equal(30, (await disk.OnDiskAsync()).Sessions.Count);
    }

    [Fact]
    public async Task A_lock_that_another_process_holds_delays_no_event()
    {
        await using var disk = new DiskJournal();
        disk.Begin(Trouble.Locked);
        var watch = Stopwatch.StartNew();
        Assert.False(await disk.WriteAsync(Entries.Event(1)));

        // The time-out of a connection would be ten seconds.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(9), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task A_stop_tries_once_more()
    {
        await using var disk = new DiskJournal();
        disk.Begin(Trouble.ReadOnly);
        Assert.False(await disk.WriteAsync(Entries.Put("a"), Entries.Event(1)));
        disk.EndTrouble();

        var state = await disk.ReopenAsync();
        Assert.Equal("a", Assert.Single(state.Sessions).Request.SessionKey);
        Assert.Single(state.Events);
        Assert.DoesNotContain("JournalLost", disk.Log.Events);
    }

    [Fact]
    public async Task A_stop_in_trouble_ends_and_says_what_is_lost()
    {
        await using var disk = new DiskJournal();
        Assert.True(await disk.WriteAsync(Entries.Put("a")));
        disk.Begin(Trouble.ReadOnly);
        Assert.False(await disk.WriteAsync(Entries.Removed("a"), Entries.Event(1)));

        var state = await disk.ReopenAsync();
        Assert.Equal("a", Assert.Single(state.Sessions).Request.SessionKey);
        Assert.Empty(state.Events);
        Assert.Equal(["JournalNotWritable", "JournalLost"], disk.Log.Events);
    }
}
