namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// A sink, and what it did not take: while it takes nothing, records are counted; once it does again, a gap record says how many are
/// missing. Used by one thread at a time.
/// </summary>
internal sealed partial class Outlet(IRecordSink sink, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly LineBuffer _line = new(512);
    private Gap _gap;
    private volatile string? _trouble;

    /// <summary>Why it does not take anything now; null when it does.</summary>
    public string? Trouble => _trouble;

    /// <summary>Writes lines, after the gap that may be before them.</summary>
    /// <param name="lines">Whole lines, or none.</param>
    /// <param name="records">What the lines hold, should they become a gap.</param>
    /// <returns>Whether they are written.</returns>
    public bool Write(ReadOnlySpan<byte> lines, in Gap records)
    {
        if (TryGap() && (lines.IsEmpty || TryWrite(lines)))
        {
            if (_trouble is not null)
            {
                _trouble = null;
                WrittenAgain(sink.Name);
            }

            return true;
        }

        _gap = _gap.And(records);
        return false;
    }

    public void Dispose()
    {
        if (_gap.Missing > 0)
        {
            NeverWritten(sink.Name, _gap.Missing);
        }

        sink.Dispose();
    }

    private bool TryGap()
    {
        if (_gap.Missing == 0)
        {
            return true;
        }

        _line.Clear();
        RecordRenderer.Render(_gap, GapCause.NotWritten, time.GetUtcNow().UtcTicks, _line);
        if (!TryWrite(_line.Written))
        {
            return false;
        }

        _gap = default;
        return true;
    }

    private bool TryWrite(ReadOnlySpan<byte> lines)
    {
        try
        {
            sink.Write(lines);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_trouble is null)
            {
                NotWritten(e, sink.Name);
            }

            _trouble = $"{sink.Name}: {e.Message}";
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "The decision log cannot be written to {Sink}: decisions go on, and what is missing is counted", EventName = "DecisionLogNotWritten")]
    private partial void NotWritten(Exception e, string sink);

    [LoggerMessage(LogLevel.Information, "The decision log is written to {Sink} again", EventName = "DecisionLogWrittenAgain")]
    private partial void WrittenAgain(string sink);

    [LoggerMessage(LogLevel.Error, "{Missing} records of the decision log were never written to {Sink}", EventName = "DecisionLogNeverWritten")]
    private partial void NeverWritten(string sink, long missing);
}
