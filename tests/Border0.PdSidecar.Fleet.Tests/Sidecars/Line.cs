using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Border0.PdSidecar.Fleet.Tests.Sidecars;

/// <summary>
/// A TCP connection's way to somewhere, which can be cut: as in a broken network nothing comes through and nobody is told; what was under
/// way when it is mended is lost with its connection.
/// </summary>
public sealed class Line : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Socket, byte> _open = new();
    private readonly EndPoint _to;
    private volatile TaskCompletionSource? _cut;
    private volatile bool _held;

    public Line(Uri to)
    {
        _to = new IPEndPoint(IPAddress.Parse(to.Host), to.Port);
        _listener.Start();
        From = new Uri($"{to.Scheme}://{_listener.LocalEndpoint}");
        _ = AcceptAsync();
    }

    /// <summary>What is connected to here goes there.</summary>
    public Uri From { get; }

    /// <summary>Nothing comes through any more.</summary>
    public void Cut() => _cut ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Things come through again: over new connections after a cut, and over the old ones, late, after a hold.</summary>
    public void Mend()
    {
        var cut = _cut;
        _cut = null;
        if (!_held)
        {
            Close();
        }

        _held = false;
        cut?.TrySetResult();
    }

    /// <summary>As <see cref="Cut"/>, but what is under way arrives later: the one who listens stands still.</summary>
    public void Hold()
    {
        _held = true;
        Cut();
    }

    /// <summary>Every connection breaks, as when a process ends.</summary>
    public void Close()
    {
        foreach (var socket in _open.Keys)
        {
            socket.Dispose();
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        Close();
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
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (near)
        {
            near.NoDelay = true;
            (_open[near], _open[far]) = (0, 0);
            try
            {
                await PassableAsync();
                await far.ConnectAsync(_to, _stop.Token);
                await Task.WhenAny(CopyAsync(near, far), CopyAsync(far, near));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // Broken.
            }
            finally
            {
                _open.TryRemove(near, out _);
                _open.TryRemove(far, out _);
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var read)
            {
                await PassableAsync();
                await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Broken.
        }
    }

    private Task PassableAsync() => _cut?.Task.WaitAsync(_stop.Token) ?? Task.CompletedTask;
}
