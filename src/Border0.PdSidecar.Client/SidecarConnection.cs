using System.Net;
using System.Net.Sockets;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Client;

/// <summary>
/// One long-lived connection to the sidecar, over its Unix domain socket or over TCP. Make one for a process and keep it: a new
/// connection costs the sidecar as much as many decisions.
/// </summary>
/// <remarks>It connects when it is first used and again after every break. Thread-safe.</remarks>
public sealed class SidecarConnection : IDisposable
{
    private const string UnixScheme = "unix:";

    private SidecarConnection(string address, Uri authority, SidecarCredentials? credentials, Func<CancellationToken, ValueTask<Stream>>? connect)
    {
        credentials ??= SidecarCredentials.None;
        credentials.Validate(authority, address.StartsWith(UnixScheme, StringComparison.Ordinal));
        Address = address;
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,

            // Calls wait for one attempt to connect, and a peer that says nothing in the handshake would keep them for ever.
            ConnectTimeout = TimeSpan.FromSeconds(3),

            // A peer that vanished without a word is noticed by these, so that the next attempt uses a new connection in time.
            KeepAlivePingDelay = TimeSpan.FromSeconds(2),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(2),
        };
        if (connect is not null)
        {
            handler.ConnectCallback = (_, cancellation) => connect(cancellation);
        }
        else if (credentials.ServerCaFile.Length > 0 || credentials.CertificateFile.Length > 0)
        {
            handler.ConnectCallback = (_, cancellation) => TlsDialer.DialAsync(authority.IdnHost, authority.Port, credentials, cancellation);
        }

        Channel = GrpcChannel.ForAddress(authority, new GrpcChannelOptions
        {
            HttpHandler = credentials.Token.Length > 0 || credentials.TokenFile.Length > 0 ? new BearerToken(credentials, handler) : handler,
            DisposeHttpClient = true,
        });
    }

    /// <summary>Where it goes, for logs: <c>unix:/run/pdsidecar/grpc.sock</c>, <c>http://127.0.0.1:50551</c>.</summary>
    public string Address { get; }

    /// <summary>The channel, for clients of the generated code.</summary>
    public GrpcChannel Channel { get; }

    /// <summary>Over the sidecar's Unix domain socket (<c>--grpc-socket</c>).</summary>
    /// <param name="path">The socket's path.</param>
    /// <param name="credentials">A token, where the socket's user is not known by itself.</param>
    public static SidecarConnection ToUnixSocket(string path, SidecarCredentials? credentials = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new SidecarConnection(UnixScheme + path, new Uri("http://localhost"), credentials, async cancellation =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        });
    }

    /// <summary>Over TCP: <c>http</c> for cleartext HTTP/2 (loopback only), <c>https</c> for TLS.</summary>
    /// <param name="address">Scheme, host and port.</param>
    /// <param name="credentials">A token or a client certificate, and whose certificate the sidecar must have.</param>
    /// <exception cref="ArgumentException">The address is no such address, or not one for these credentials.</exception>
    public static SidecarConnection ToTcp(Uri address, SidecarCredentials? credentials = null) => address.Scheme switch
    {
        "http" or "https" => new SidecarConnection(address.GetLeftPart(UriPartial.Authority), address, credentials, connect: null),
        _ => throw new ArgumentException($"'{address}' is neither an http nor an https address", nameof(address)),
    };

    /// <summary>
    /// By an address as a configuration holds it: <c>unix:/path</c> or a path that begins with a slash, <c>http://host:port</c>,
    /// <c>https://host:port</c>, or <c>host:port</c>, which means cleartext.
    /// </summary>
    /// <param name="address">The address.</param>
    /// <param name="credentials">What to show the sidecar; nothing unless given.</param>
    /// <exception cref="ArgumentException">It is none of these, or not one for these credentials.</exception>
    public static SidecarConnection To(string address, SidecarCredentials? credentials = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        if (address.StartsWith(UnixScheme, StringComparison.Ordinal) || address.StartsWith('/'))
        {
            var path = address.StartsWith('/') ? address : address[UnixScheme.Length..];
            return ToUnixSocket(path.StartsWith("//", StringComparison.Ordinal) ? path[2..] : path, credentials);
        }

        var text = address.Contains("://", StringComparison.Ordinal) ? address : "http://" + address;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Port > IPEndPoint.MinPort
            ? ToTcp(uri, credentials)
            : throw new ArgumentException($"'{address}' is not an address of a sidecar", nameof(address));
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => Channel.Dispose();

    /// <inheritdoc/>
    public override string ToString() => Address;
}
