using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

/// <summary>Runs one history of entries, troubles, restarts and kills against the journal, and holds its file against the model.</summary>
internal sealed class RandomHistory : IAsyncDisposable
{
    private static readonly string[] Keys = ["a", "A", "a b", "ü€😀", "nul\0in it", "'; DROP TABLE sessions; --", "", new('k', 3000)];
    private static readonly string[] Organizations = ["org", "other"];
    private static readonly string[] Connectors = ["c1", "c2", "C1"];

    private readonly DiskJournal _disk;
    private readonly Dictionary<(string, string), (long Head, long Oldest)> _logs = [];
    private readonly Guid _epoch;

    /// <summary>What the file will hold once the disk takes it.</summary>
    private readonly List<JournalEntry> _told = [];

    /// <summary>So many of them were durable when the trouble began.</summary>
    private int? _durable;

    /// <summary>Of every entry that was ever appended, whether it is to be settled as durable.</summary>
    private readonly List<bool> _settles = [];

    /// <param name="sizes">How large a group is brought into the tables at once, and in what pieces larger ones are later.</param>
    public RandomHistory((int SmallGroup, int Slice) sizes)
    {
        _disk = new DiskJournal(sizes);
        _epoch = _disk.Journal.LoadAsync(default).Result.Epoch;
    }

    public async Task RunAsync(int[] steps)
    {
        foreach (var step in steps)
        {
            await StepAsync(step % 16, step / 16);
        }

        await JudgeAsync();
        await EndTroubleAsync();
        await JudgeAsync();
        Assert.Equal(await ExpectedAsync(_told), (await _disk.ReopenAsync()).Describe(_disk.Time.GetUtcNow()));
    }

    public ValueTask DisposeAsync() => _disk.DisposeAsync();

    private Task StepAsync(int kind, int value) => kind switch
    {
        0 or 1 or 2 or 3 => Tell(Put(value)),
        4 or 5 => Tell(Remove(value)),
        6 or 7 or 8 or 9 => Tell(Event(value)),
        10 => Tell(Trim(value)),
        11 => JudgeAsync(),
        12 => _durable is null ? BeginTroubleAsync((Trouble)(1 + (value % 2))) : EndTroubleAsync(),
        13 => RestartAsync(killed: false),
        14 => RestartAsync(killed: true),
        _ => PassAsync(value),
    };

    private Task Tell(JournalEntry? entry)
    {
        if (entry is not null)
        {
            _told.Add(entry);
            _settles.Add(_durable is null);
            _disk.Append(entry);
        }

        return Task.CompletedTask;
    }

    private static JournalEntry.SessionPut Put(int value) => Entries.Put(
        Keys[value % Keys.Length],
        $"db-{value}",
        Organizations[value / 8 % 2],
        value % 3 == 0 ? null : Entries.Start.AddTicks(value),
        [.. Enumerable.Range(0, value % 4).Select(i => $"policy-{value + i}")]);

    private JournalEntry.SessionRemoved Remove(int value) => Entries.Removed(
        Keys[value % Keys.Length],
        Organizations[value / 8 % 2],
        value / 16 % 3 == 0 ? _disk.Time.GetUtcNow().AddMinutes(value % 120) : null);

    private JournalEntry.EventAppended Event(int value)
    {
        var log = (Organizations[value / 3 % 2], Connectors[value % 3]);
        var (head, oldest) = _logs.GetValueOrDefault(log, (0, 1));
        _logs[log] = (head + 1, oldest);
        return Entries.Event(head + 1, log.Item2, log.Item1, value % 5 < 3 ? Remove(value) : null, value % 400);
    }

    private JournalEntry.EventsTrimmed? Trim(int value)
    {
        var log = (Organizations[value / 3 % 2], Connectors[value % 3]);
        var (head, oldest) = _logs.GetValueOrDefault(log, (0, 1));
        var to = oldest + (value % 4);
        if (to > head + 1)
        {
            return null;
        }

        _logs[log] = (head, to);
        return Entries.Trimmed(to, log.Item2, log.Item1);
    }

    private async Task BeginTroubleAsync(Trouble trouble)
    {
        await _disk.Journal.FlushAsync(default);
        _durable = _told.Count;
        _disk.Begin(trouble);
    }

    private async Task EndTroubleAsync()
    {
        await _disk.Journal.FlushAsync(default);
        _disk.EndTrouble();
        _disk.Time.Advance(TimeSpan.FromSeconds(1));
        await _disk.Journal.FlushAsync(default);
        _durable = null;
        Assert.True(_disk.Journal.IsHealthy);
        Assert.Equal(0, _disk.Journal.Unwritten);
    }

    private async Task RestartAsync(bool killed)
    {
        if (!killed)
        {
            await EndTroubleAsync();
        }

        var kept = _durable ?? _told.Count;
        await JudgeAsync();
        var state = killed ? await _disk.KillAsync() : await _disk.ReopenAsync();
        _told.RemoveRange(kept, _told.Count - kept);
        _durable = null;
        Assert.Equal(_epoch, state.Epoch);
        Assert.Equal(await ExpectedAsync(_told), state.Describe(_disk.Time.GetUtcNow()));

        // As after a restart: logs go on from where they are known to stand.
        _logs.Clear();
        foreach (var (log, head) in state.Heads)
        {
            var kinds = state.Events.Where(e => (e.OrganizationId, e.ConnectorId) == log).Select(e => e.Revision).ToList();
            _logs[log] = (head, kinds.Count > 0 ? kinds[0] : head + 1);
        }
    }

    private async Task PassAsync(int value)
    {
        await _disk.Journal.FlushAsync(default);
        _disk.Time.Advance(TimeSpan.FromMinutes(value % 90));
    }

    /// <summary>The file holds what is said to be durable, and every entry was settled once, in order, as what it is.</summary>
    private async Task JudgeAsync()
    {
        Assert.Equal(await ExpectedAsync(_told.Take(_durable ?? _told.Count)), (await _disk.OnDiskAsync()).Describe(_disk.Time.GetUtcNow()));
        Assert.Equal(_settles.Select((durable, entry) => (entry, durable)), _disk.Settled);
        var unwritten = _told.Count - (_durable ?? _told.Count);
        Assert.Equal((unwritten == 0, unwritten), (_disk.Journal.IsHealthy, _disk.Journal.Unwritten));
    }

    private async Task<string> ExpectedAsync(IEnumerable<JournalEntry> entries) =>
        (await JournalStates.OfAsync(entries)).Describe(_disk.Time.GetUtcNow());
}
