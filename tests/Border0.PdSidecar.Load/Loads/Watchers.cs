using System.Diagnostics;
using System.Net;
using Border0.PdSidecar.Load.Wire;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Load.Loads;

/// <summary>Connectors that watch, several on a connection, and count what they are told.</summary>
internal sealed class Watchers : IAsyncDisposable
{
    private const int PerConnection = 10;
    private readonly List<Connection> _connections = [];
    private TaskCompletionSource<long> _seen = new();
    private long _left = long.MaxValue;

    private Watchers()
    {
    }

    /// <summary>Starts watchers c0, c1 … and returns once each has had its first message.</summary>
    public static async Task<Watchers> StartAsync(EndPoint endpoint, int count)
    {
        var watchers = new Watchers();
        for (var i = 0; i < count; i += PerConnection)
        {
            watchers._connections.Add(new Connection(watchers, endpoint, i, Math.Min(PerConnection, count - i)));
        }

        foreach (var connection in watchers._connections)
        {
            connection.Start();
            await connection.Subscribed.WaitAsync(TimeSpan.FromSeconds(20));
        }

        return watchers;
    }

    /// <summary>The moment (by Stopwatch) at which so many events have come from now on.</summary>
    public Task<long> SeesAsync(int events)
    {
        _seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _left, events);
        return _seen.Task;
    }

    public ValueTask DisposeAsync()
    {
        _connections.ForEach(c => c.Dispose());
        return ValueTask.CompletedTask;
    }

    private void Event()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _seen.TrySetResult(Stopwatch.GetTimestamp());
        }
    }

    /// <summary>A connection and the watches on it.</summary>
    private sealed class Connection : IFrameSink, IDisposable
    {
        private const byte ResumeToken = 0x0a, SessionRevoked = 0x12;
        private readonly Watchers _watchers;
        private readonly Http2Connection _connection;
        private readonly MessageReader[] _readers;
        private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly HashSet<int> _heard = [];
        private volatile bool _disposed;

        public Connection(Watchers watchers, EndPoint endpoint, int first, int count)
        {
            _watchers = watchers;
            _connection = Http2Connection.Open(endpoint, "/border0.pdsidecar.v1.EvaluationService/WatchSessions");
            _readers = [.. Enumerable.Range(0, count).Select(_ => new MessageReader(Take))];
            for (var i = 0; i < count; i++)
            {
                _connection.Start(new WatchSessionsRequest { ConnectorId = $"c{first + i}" }.ToByteArray(), last: true);
            }

            _connection.Flush();
        }

        public Task Subscribed => _subscribed.Task;

        public void Start() => new Thread(Read) { IsBackground = true }.Start();

        public void OnData(int stream, ReadOnlySpan<byte> payload)
        {
            _readers[stream >> 1].Take(payload);
            if (_heard.Count < _readers.Length && _heard.Add(stream) && _heard.Count == _readers.Length)
            {
                _subscribed.TrySetResult();
            }
        }

        public void OnEnd(int stream) => throw new InvalidDataException("a watch ended");

        public void Dispose()
        {
            _disposed = true;
            _connection.Dispose();
        }

        private void Read()
        {
            try
            {
                while (!_disposed)
                {
                    _connection.Read(this);
                }
            }
#pragma warning disable CA1031 // Whatever ended it is what waits for it gets.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!_disposed)
                {
                    _subscribed.TrySetException(e);
                    _watchers._seen.TrySetException(e);
                }
            }
        }

        private void Take(ReadOnlySpan<byte> message)
        {
            if (message[0] == ResumeToken && message[2 + message[1]] == SessionRevoked)
            {
                _watchers.Event();
            }
        }
    }
}
