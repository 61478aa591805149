using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>One connector's log by itself.</summary>
public class ConnectorLogTests
{
    private static readonly (Guid Recorded, Guid Unrecorded) Epochs = (Guid.NewGuid(), Guid.NewGuid());
    private readonly Journal _journal = new();
    private int _told;

    [Fact]
    public void Append_GivesRevisions_AndTheTokenOfWhetherItIsRecorded()
    {
        var log = Log();
        Append(log, 1);
        Assert.Equal((1L, 1L, 1L), (log.Head, log.Published, log.Oldest));
        Assert.Equal(Epochs.Recorded, log.TokenAt(1).Epoch);
        _journal.IsFull = true;
        Append(log, 1);

        Assert.Equal(Epochs.Unrecorded, log.TokenAt(2).Epoch);
        Assert.Equal([log.TokenAt(1).ToString(), log.TokenAt(2).ToString()], Read(log, 0).Select(m => m.Read().ResumeToken));
        Assert.All((long[])[1, 2], revision => Assert.True(log.IsOfThisLog(log.TokenAt(revision))));
    }

    [Theory]
    [InlineData(0, 10, "1 2 3 4 5")]
    [InlineData(0, 2, "1 2")]
    [InlineData(3, 10, "4 5")]
    [InlineData(4, 10, "5")]
    [InlineData(5, 10, "")]
    [InlineData(6, 10, "")]
    public void Read_GivesWhatIsAfter_UpToABound(long after, int most, string revisions)
    {
        var log = Log();
        Append(log, 5);

        Assert.Equal(revisions, string.Join(' ', Read(log, after, most).Select(m => m.Revision)));
    }

    [Fact]
    public void Read_GivesNothingThatTheJournalIsNotThroughWith()
    {
        var log = Log();
        Append(log, 2);
        _journal.Holds = true;
        Append(log, 2);

        Assert.Equal((4L, 2L), (log.Head, log.Published));
        Assert.Equal([1L, 2L], Read(log, 0).Select(m => m.Revision));
        Assert.Equal(["s3", "s4"], log.RevokedAfter(2).Order());
        _journal.Settle();
        Assert.Equal([3L, 4L], Read(log, 2).Select(m => m.Revision));
    }

    [Fact]
    public void RevokedAfter_LeavesOutTheRevisionItself()
    {
        var log = Log();
        Append(log, 3);

        Assert.Equal(["s2", "s3"], log.RevokedAfter(1).Order());
        Assert.Empty(log.RevokedAfter(3));
    }

    [Fact]
    public void PastTheBound_TheOldestAreForgotten_WhichIsToldOnReading()
    {
        var log = Log(new SessionOptions { MaxEventsPerConnector = 3 });
        Append(log, 5);

        Assert.Equal((5L, 3L), (log.Head, log.Oldest));
        Assert.False(log.TryRead(1, 10, []));
        Assert.Equal([3L, 4L, 5L], Read(log, 2).Select(m => m.Revision));
        Assert.Equal([2L, 3L], _journal.Trimmed);
    }

    [Fact]
    public void WhatIsOlderThanTheRetention_IsForgotten_AndNotBefore()
    {
        var log = Log(new SessionOptions { EventRetention = TimeSpan.FromHours(1) });
        Append(log, 1);
        Append(log, 1, World.Start.AddHours(1));
        Assert.Equal(1, log.Oldest);

        Append(log, 1, World.Start.AddHours(1).AddTicks(1));
        Assert.Equal(2, log.Oldest);
    }

    [Fact]
    public void WhatNoWatcherMaySeeYet_IsNotForgotten()
    {
        var log = Log(new SessionOptions { MaxEventsPerConnector = 1 });
        _journal.Holds = true;
        Append(log, 3);
        Assert.Equal(1, log.Oldest);

        _journal.Settle();
        Append(log, 1);
        Assert.Equal(4, log.Oldest);
    }

    [Fact]
    public void ItIsToldOnce_ThatSomethingIsPublished_UntilItsWatchesAreWoken()
    {
        var log = Log();
        Append(log, 3);
        Assert.Equal(1, _told);

        log.WakeWatches();
        Append(log, 2);
        Assert.Equal(2, _told);
    }

    [Theory]
    [InlineData(0, 3, 3, 1)]
    [InlineData(7, 3, 7, 1)]
    [InlineData(5, 0, 5, 6)]
    public void Restored_ItGoesOnWhereItStood(long head, int kept, long expectedHead, long expectedOldest)
    {
        var before = Log();
        Append(before, kept);
        var log = new ConnectorLog("acme", "c1", (Guid.NewGuid(), Epochs.Unrecorded), new Journal(), new SessionOptions(), _ => { });

        log.Restore(head, _journal.Events);

        Assert.Equal((expectedHead, expectedHead, expectedOldest), (log.Head, log.Published, log.Oldest));
        Assert.All(Read(log, log.Oldest - 1), m => Assert.Equal(log.TokenAt(m.Revision).ToString(), m.Read().ResumeToken));
        Assert.Equal(expectedHead + 1, log.Append(Revoked("next"), World.Start));
    }

    private ConnectorLog Log(SessionOptions? options = null) => new("acme", "c1", Epochs, _journal, options ?? new SessionOptions(), _ => _told++);

    private static void Append(ConnectorLog log, int count, DateTimeOffset? at = null)
    {
        for (var i = 0; i < count; i++)
        {
            log.Append(Revoked($"s{log.Head + 1}"), at ?? World.Start);
        }
    }

    private static WatchSessionsResponse Revoked(string key) => new() { SessionRevoked = new SessionRevoked { SessionKey = key } };

    private static List<WatchMessage> Read(ConnectorLog log, long after, int most = 10)
    {
        var read = new List<WatchMessage>();
        Assert.True(log.TryRead(after, most, read));
        return read;
    }

    /// <summary>Settles at once, or when it is told to; as recorded unless it is full.</summary>
    private sealed class Journal : ISessionJournal
    {
        private readonly Queue<(JournalEntry Entry, Action<JournalEntry, bool> Settled)> _held = new();

        public event Action? GroupSettled;

        public bool IsFull { get; set; }

        public bool Holds { get; set; }

        public List<JournalEntry.EventAppended> Events { get; } = [];

        public List<long> Trimmed { get; } = [];

        public Task<JournalState> LoadAsync(CancellationToken cancellation) => Task.FromResult(new JournalState { Epoch = Guid.NewGuid() });

        public void Append(JournalEntry entry, Action<JournalEntry, bool>? settled = null)
        {
            if (entry is JournalEntry.EventAppended appended)
            {
                Events.Add(appended);
            }

            if (entry is JournalEntry.EventsTrimmed trimmed)
            {
                Trimmed.Add(trimmed.OldestRevision);
            }

            if (settled is null)
            {
                return;
            }

            _held.Enqueue((entry, settled));
            if (!Holds)
            {
                Settle();
            }
        }

        public void Settle()
        {
            while (_held.TryDequeue(out var held))
            {
                held.Settled(held.Entry, !IsFull);
            }

            GroupSettled?.Invoke();
        }

        public Task FlushAsync(CancellationToken cancellation) => Task.CompletedTask;
    }
}
