using System.Text;
using System.Text.Json;
using Border0.PdSidecar.DecisionLog;

namespace Border0.PdSidecar.Tests.DecisionLog;

/// <summary>A sink that tests read, make stand still, and make refuse.</summary>
internal sealed class MemorySink : IRecordSink
{
    private readonly StringBuilder _text = new();
    private readonly ManualResetEventSlim _goes = new(true);
    private readonly Lock _lock = new();
    private volatile string? _refusal;

    public string Name => "memory";

    /// <summary>How often it was written to, successfully or not.</summary>
    public int Writes { get; private set; }

    public JsonElement[] Records
    {
        get
        {
            lock (_lock)
            {
                return Recorded.Parse(_text.ToString());
            }
        }
    }

    public void StandStill() => _goes.Reset();

    public void GoOn() => _goes.Set();

    public void Refuse(string? message) => _refusal = message;

    public void Write(ReadOnlySpan<byte> lines)
    {
        Writes++;
        _goes.Wait();
        if (_refusal is { } message)
        {
            throw new IOException(message);
        }

        lock (_lock)
        {
            _text.Append(Encoding.UTF8.GetString(lines));
        }
    }

    public void Dispose()
    {
        // What was written is read afterwards.
    }
}
