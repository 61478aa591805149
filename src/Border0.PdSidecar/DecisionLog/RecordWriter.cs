namespace Border0.PdSidecar.DecisionLog;

/// <summary>Takes what is queued, makes lines of it and writes them in large pieces. Used by one thread at a time.</summary>
internal sealed partial class RecordWriter(
    EntryQueue queue, SideEntries aside, RecordRenderer renderer, IReadOnlyList<Outlet> outlets, TimeProvider time, ILogger logger) : IDisposable
{
    private const int PieceSize = 64 * 1024;

    private readonly LineBuffer _lines = new(PieceSize + 16 * 1024);
    private Gap _piece;
    private long _written;
    private long _missing;

    /// <summary>Records that every sink took.</summary>
    public long Written => Volatile.Read(ref _written);

    /// <summary>Records that are missing, in some sink at least.</summary>
    public long Missing => Volatile.Read(ref _missing);

    /// <summary>Why a sink takes nothing; null when all do.</summary>
    public string? Trouble
    {
        get
        {
            foreach (var outlet in outlets)
            {
                if (outlet.Trouble is { } trouble)
                {
                    return trouble;
                }
            }

            return null;
        }
    }

    /// <summary>Writes all there is.</summary>
    /// <param name="moved">Is told whenever a piece is through and there is room again.</param>
    public void WriteAll(Action moved)
    {
        while (true)
        {
            if (aside.Any)
            {
                Aside();
            }

            if (!queue.TryTake(_lines, out var entry))
            {
                break;
            }

            if (entry.Subject is null)
            {
                _piece = _piece.And(new Gap(1, entry.Ticks, entry.Ticks));
            }
            else
            {
                Render(entry);
            }

            if (_lines.Length >= PieceSize)
            {
                Write();
                moved();
            }
        }

        Write();
        moved();
    }

    public void Dispose()
    {
        foreach (var outlet in outlets)
        {
            outlet.Dispose();
        }
    }

    private void Aside()
    {
        while (aside.TryTake(queue.Taken, out var gap, out var entry))
        {
            if (gap.Missing > 0)
            {
                RecordRenderer.Render(gap, GapCause.QueueFull, time.GetUtcNow().UtcTicks, _lines);
                Interlocked.Add(ref _missing, gap.Missing);
            }
            else
            {
                Render(entry);
            }

            if (_lines.Length >= PieceSize)
            {
                Write();
            }
        }
    }

    private void Render(in LogEntry entry)
    {
        var before = _lines.Length;
        try
        {
            renderer.Render(entry, _lines);
            _piece = _piece.And(new Gap(1, entry.Ticks, entry.Ticks));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // One record that cannot be told must not cost those after it.
            _lines.Length = before;
            RecordRenderer.Render(new Gap(1, entry.Ticks, entry.Ticks), GapCause.NotWritten, time.GetUtcNow().UtcTicks, _lines);
            Interlocked.Increment(ref _missing);
            NotRendered(e, entry.Subject!.GetType().Name);
        }
    }

    private void Write()
    {
        var taken = true;
        foreach (var outlet in outlets)
        {
            taken &= outlet.Write(_lines.Written, _piece);
        }

        Interlocked.Add(ref taken ? ref _written : ref _missing, _piece.Missing);
        _piece = default;
        _lines.Clear();
    }

    [LoggerMessage(LogLevel.Error, "A record of the decision log could not be made ({Subject})", EventName = "DecisionLogNotRendered")]
    private partial void NotRendered(Exception e, string subject);
}
