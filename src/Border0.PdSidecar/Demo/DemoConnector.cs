using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Demo;

/// <summary>
/// A small real connector: a TCP proxy that asks the sidecar about every connection, passes bytes on while it is allowed, and cuts it
/// when told. Who is connecting is the first line here; a real connector knows it from a certificate.
/// </summary>
internal sealed class DemoConnector : ISessionHandler, IAsyncDisposable
{
    /// <summary>The connector's id.</summary>
    public const string Id = "demo-connector";

    private readonly ConcurrentDictionary<string, TcpClient> _connections = new();
    private readonly SidecarConnection _sidecar;
    private readonly ConnectorClient _client;
    private readonly EchoServer _behind;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TcpListener> _listeners = [];
    private int _nextSession;

    public DemoConnector(string grpcSocket, EchoServer behind)
    {
        _behind = behind;
        _sidecar = SidecarConnection.ToUnixSocket(grpcSocket);
        _client = ConnectorClient.Start(_sidecar, new ConnectorOptions { ConnectorId = Id }, this);
    }

    /// <summary>The sidecar told to end a session.</summary>
    public event Action<SessionEnd>? Ended;

    /// <summary>The sidecar told when a session is going to end.</summary>
    public event Action<SessionExpiring>? Expiring;

    /// <summary>The last decision, for the screen.</summary>
    public AccessDecision? LastDecision { get; private set; }

    /// <summary>Waits until the watch is up.</summary>
    public Task WhenReadyAsync(CancellationToken cancellation) => _client.WhenReadyAsync(cancellation);

    /// <summary>Opens a socket, and returns where people connect to it.</summary>
    public IPEndPoint Listen(string socketId, string socketType)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _listeners.Add(listener);
        _ = AcceptAsync(listener, socketId, socketType);
        return (IPEndPoint)listener.LocalEndpoint;
    }

    public ValueTask EndAsync(SessionEnd end, CancellationToken cancellation)
    {
        if (_connections.TryRemove(end.SessionKey, out var connection))
        {
            connection.Close();
        }

        Ended?.Invoke(end);
        return ValueTask.CompletedTask;
    }

    public ValueTask ExpiringAsync(SessionExpiring expiring, CancellationToken cancellation)
    {
        Expiring?.Invoke(expiring);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listeners.ForEach(l => l.Stop());
        foreach (var connection in _connections.Values)
        {
            connection.Close();
        }

        await _client.DisposeAsync();
        _sidecar.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, string socketId, string socketType)
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                var client = await listener.AcceptTcpClientAsync(_stop.Token);
                _ = ServeAsync(client, socketId, socketType);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The demo is over.
            return;
        }
    }

    private async Task ServeAsync(TcpClient client, string socketId, string socketType)
    {
        var session = $"demo-session-{Interlocked.Increment(ref _nextSession)}";
        try
        {
            using (client)
            {
                var stream = client.GetStream();
                var request = new EvaluateRequest
                {
                    ConnectorId = Id,
                    SocketId = socketId,
                    SocketType = socketType,
                    UserEmail = await ReadLineAsync(stream, _stop.Token),
                    ClientIp = client.Client.RemoteEndPoint!.ToString(),
                    SessionKey = session,
                };
                _connections[session] = client;
                var decision = await _client.EvaluateAsync(request, _stop.Token);
                LastDecision = decision;
                if (!decision.IsAllowed)
                {
                    await stream.WriteAsync("denied\n"u8.ToArray(), _stop.Token);
                    return;
                }

                using var behind = new TcpClient();
                await behind.ConnectAsync(_behind.Endpoint, _stop.Token);
                await stream.WriteAsync("welcome\n"u8.ToArray(), _stop.Token);
                await Task.WhenAny(stream.CopyToAsync(behind.GetStream(), _stop.Token), behind.GetStream().CopyToAsync(stream, _stop.Token));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or SocketException)
        {
            // Cut, or gone: either way the session is over.
            return;
        }
        finally
        {
            if (_connections.TryRemove(session, out _))
            {
                _client.EndSession(session);
            }
        }
    }

    private static async Task<string> ReadLineAsync(NetworkStream stream, CancellationToken cancellation)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (line.Count < 320 && await stream.ReadAsync(one, cancellation) == 1 && one[0] != '\n')
        {
            line.Add(one[0]);
        }

        return Encoding.UTF8.GetString([.. line]);
    }
}
