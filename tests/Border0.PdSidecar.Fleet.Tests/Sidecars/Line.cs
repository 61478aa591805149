using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Border0.PdSidecar.Fleet.Tests.Sidecars;

/// <summary>
/// The way to somewhere over TCP, which can be cut: as in a broken network nothing comes through and nobody is told; what was under way is
/// lost with its connection when it is mended. Or held: what was under way arrives late.
/// </summary>
public sealed class Line : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Connection, byte> _open = new();
    private volatile State _state = new(false, false, null);

    /// <param name="to">Where it leads; may be told later.</param>
    public Line(Uri? to = null)
    {
        To = to;
        _listener.Start();
        From = new Uri($"http://{_listener.LocalEndpoint}");
        _ = AcceptAsync();
    }

    /// <summary>What is connected to here goes there.</summary>
    public Uri From { get; }

    public Uri? To { get; set; }

    /// <summary>Nothing comes through any more.</summary>
    public void Cut() => Become(new State(true, false, null));

    /// <summary>Nothing of those comes through whose connections begin with something that has this in it.</summary>
    public void CutFrom(string who) => Become(new State(false, false, who));

    /// <summary>Nothing comes through until it is mended, and then all of it.</summary>
    public void Hold() => Become(new State(true, true, null));

    /// <summary>Things come through again.</summary>
    public void Mend()
    {
        var before = _state;
        foreach (var connection in _open.Keys.Where(c => !before.Keeps && before.Stops(c)))
        {
            connection.Dispose();
        }

        Become(new State(false, false, null));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        foreach (var connection in _open.Keys)
        {
            connection.Dispose();
        }
    }

    private void Become(State state)
    {
        var before = _state;
        _state = state;
        before.Over.TrySetResult();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket near)
    {
        using var connection = new Connection(near);
        _open[connection] = 0;
        try
        {
            await PassableAsync(connection);
            await connection.Far.ConnectAsync(new IPEndPoint(IPAddress.Loopback, To!.Port), _stop.Token);
            await Task.WhenAny(CopyAsync(connection, near, connection.Far), CopyAsync(connection, connection.Far, near));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Broken.
            return;
        }
        finally
        {
            _open.TryRemove(connection, out _);
        }
    }

    private async Task CopyAsync(Connection connection, Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var read)
            {
                if (from == connection.Near && connection.Head.Length < 2048)
                {
                    connection.Head += Encoding.ASCII.GetString(buffer, 0, Math.Min(read, 2048));
                }

                await PassableAsync(connection);
                await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Broken.
            return;
        }
    }

    private async Task PassableAsync(Connection connection)
    {
        for (var state = _state; state.Stops(connection); state = _state)
        {
            await state.Over.Task.WaitAsync(_stop.Token);
        }
    }

    /// <summary>What comes through.</summary>
    private sealed record State(bool StopsAll, bool Keeps, string? StopsFrom)
    {
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Stops(Connection connection) => StopsAll || (StopsFrom is { } who && connection.Head.Contains(who, StringComparison.Ordinal));
    }

    /// <summary>A connection through the line.</summary>
    private sealed class Connection : IDisposable
    {
        public Connection(Socket near)
        {
            Near = near;
            near.NoDelay = true;
        }

        public Socket Near { get; }

        public Socket Far { get; } = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        /// <summary>What it began with.</summary>
        public string Head { get; set; } = "";

        public void Dispose()
        {
            Near.Dispose();
            Far.Dispose();
        }
    }
}
