using Border0.PdSidecar.Storage.Etcd.Connection.Protocol;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>One member of the cluster and the one connection to it, which is made when it is first used and again after every break.</summary>
internal sealed class EtcdMember : IDisposable
{
    /// <summary>A page or a batch that is larger is asked for in smaller parts.</summary>
    public const int MaxAnswer = 16 << 20;

    private readonly GrpcChannel _channel;

    public EtcdMember(Uri endpoint, EtcdOptions options)
    {
        Endpoint = endpoint;

        // The dialer does TLS: to the handler every connection is one in the clear that speaks HTTP/2 at once.
        _channel = GrpcChannel.ForAddress($"http://{endpoint.Authority}", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = (_, cancellation) => EtcdDialer.DialAsync(endpoint, options, cancellation),
                EnableMultipleHttp2Connections = true,
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
                ConnectTimeout = options.AttemptTimeout * 0.75,
                UseProxy = false,

                // A member that vanished without a word must not keep a watch for ever.
                KeepAlivePingDelay = options.KeepAliveDelay,
                KeepAlivePingTimeout = options.KeepAliveTimeout,
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxAnswer,
        });
        Kv = new KV.KVClient(_channel);
        Watches = new Watch.WatchClient(_channel);
        Leases = new Lease.LeaseClient(_channel);
        Auth = new Auth.AuthClient(_channel);
    }

    public Uri Endpoint { get; }

    public KV.KVClient Kv { get; }

    public Watch.WatchClient Watches { get; }

    public Lease.LeaseClient Leases { get; }

    public Auth.AuthClient Auth { get; }

    public void Dispose() => _channel.Dispose();
}
