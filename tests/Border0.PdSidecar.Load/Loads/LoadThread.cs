using System.Net;
using Border0.PdSidecar.Load.Wire;

namespace Border0.PdSidecar.Load.Loads;

/// <summary>A connection with a thread of its own that keeps asking, and counts and times the answers.</summary>
internal abstract class LoadThread : IFrameSink, IDisposable
{
    private readonly Thread _thread;
    private readonly List<long> _latencies = new(1 << 16);
    private Exception? _failure;
    private long _completed;
    private volatile bool _recording;

    protected LoadThread(EndPoint endpoint, string method)
    {
        Connection = Http2Connection.Open(endpoint, method);
        _thread = new Thread(Guarded) { IsBackground = true };
    }

    /// <summary>Answers so far.</summary>
    public long Completed => Volatile.Read(ref _completed);

    protected Http2Connection Connection { get; }

    protected bool Stopping { get; private set; }

    public virtual void Start() => _thread.Start();

    /// <summary>Keeps latencies from now on.</summary>
    public void Record() => _recording = true;

    /// <summary>Lets what is under way end, and returns the latencies, in Stopwatch ticks.</summary>
    public virtual IReadOnlyList<long> Stop()
    {
        Stopping = true;
        _recording = false;
        _thread.Join();
        return _failure is null ? _latencies : throw new InvalidOperationException("the load failed: " + _failure.Message, _failure);
    }

    /// <summary>Waits until it ends by itself.</summary>
    public void Join()
    {
        _thread.Join();
        if (_failure is not null)
        {
            throw new InvalidOperationException("the load failed: " + _failure.Message, _failure);
        }
    }

    public abstract void OnData(int stream, ReadOnlySpan<byte> payload);

    public abstract void OnEnd(int stream);

    public virtual void Dispose() => Connection.Dispose();

    protected abstract void Run();

    protected void Answered(int requests, long ticks)
    {
        Volatile.Write(ref _completed, _completed + requests);
        if (_recording)
        {
            _latencies.Add(ticks);
        }
    }

    private void Guarded()
    {
        try
        {
            Run();
        }
#pragma warning disable CA1031 // Whatever ended it is thrown by Stop.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _failure = e;
        }
    }
}
