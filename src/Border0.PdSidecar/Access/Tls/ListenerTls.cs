using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Border0.PdSidecar.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Border0.PdSidecar.Access.Tls;

/// <summary>TLS of the listeners, with certificates that are read again when their files change. Handshakes take what is current.</summary>
internal sealed partial class ListenerTls : IDisposable
{
    private readonly Meter _meter = new("Border0.PdSidecar");
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Reloaded<ServerCertificate>? _grpc;
    private readonly Reloaded<ServerCertificate>? _http;
    private readonly Reloaded<ClientAuthorities>? _authorities;

    /// <summary>Reads what configuration names.</summary>
    /// <exception cref="IOException">A file cannot be used.</exception>
    public ListenerTls(SidecarOptions options, TimeProvider time, ILogger<ListenerTls> logger)
    {
        (_time, _logger) = (time, logger);
        _grpc = Load(TlsFiles.OfGrpc(options));
        _http = Load(TlsFiles.OfHttp(options));
        if (options.GrpcClientCa.Length > 0)
        {
            _authorities = new("grpc_client_ca", [options.GrpcClientCa], static (texts, _) => ClientAuthorities.Of(texts[0]), Told);
            Clients = new ClientCertificates(() => _authorities.Current, options.GrpcClientCallers, time, new RefusedClients(_meter, time, logger).Add);
        }

        _meter.CreateObservableGauge(
            "pdsidecar.certificate.not_after",
            () => Certificates.Select(c => new Measurement<long>(c.Current.NotAfter.ToUnixTimeSeconds(), new KeyValuePair<string, object?>("key", c.Key))),
            "s",
            "When a listener's certificate expires, in seconds since 1970.");
        _meter.CreateObservableGauge(
            "pdsidecar.certificate.not_reloaded",
            () => All.Select(r => new Measurement<int>(r.Trouble is null ? 0 : 1, new KeyValuePair<string, object?>("key", r.Key))),
            "{file}",
            "1 while a certificate file cannot be used and the one before it is.");
    }

    /// <summary>Everything that is read again when it changes.</summary>
    public IEnumerable<IReloaded> All => ((IEnumerable<IReloaded?>)[_grpc, _http, _authorities]).OfType<IReloaded>();

    /// <summary>The clients that are known by certificate; null where none are.</summary>
    public ClientCertificates? Clients { get; }

    private IEnumerable<Reloaded<ServerCertificate>> Certificates => ((IEnumerable<Reloaded<ServerCertificate>?>)[_grpc, _http]).OfType<Reloaded<ServerCertificate>>();

    /// <summary>Encrypts the gRPC listener, where it has a certificate.</summary>
    public void UseForGrpc(ListenOptions listen) => Use(listen, _grpc, Clients);

    /// <summary>Encrypts the HTTP listener, where it has a certificate.</summary>
    public void UseForHttp(ListenOptions listen) => Use(listen, _http, null);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static void Use(ListenOptions listen, Reloaded<ServerCertificate>? certificate, ClientCertificates? clients)
    {
        if (certificate is null)
        {
            return;
        }

        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = handshake => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Current.Context,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ClientCertificateRequired = clients is not null,
                RemoteCertificateValidationCallback = clients is null ? null : (_, shown, chain, _) => clients.Accept(handshake.Connection, shown, chain),
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,

                // Who comes back with a ticket would not be asked for its certificate again.
                AllowTlsResume = clients is null,
                AllowRenegotiation = false,
            }),
        });
    }

    private Reloaded<ServerCertificate>? Load(TlsFiles? files)
    {
        if (files is null)
        {
            return null;
        }

        // At the start, an old certificate is better than none: the Unix socket does not need it. Later, the one before is.
        var loaded = new Reloaded<ServerCertificate>(
            files.CertificateKey,
            [files.Certificate, files.PrivateKey],
            (texts, isFirst) => ServerCertificate.Of(texts[0], texts[1], isFirst ? null : _time.GetUtcNow()),
            Told);
        if (loaded.Current.NotAfter < _time.GetUtcNow())
        {
            CertificateExpired(files.CertificateKey, files.Certificate, loaded.Current.NotAfter);
        }

        return loaded;
    }

    private void Told(IReloaded of)
    {
        if (of.Trouble is { } why)
        {
            CertificateNotReloaded(of.Key, why);
            return;
        }

        CertificateReloaded(of.Key);
        if (of == _authorities)
        {
            Clients!.LookAgain();
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Key}: certificate {File} expired at {NotAfter}; clients will refuse it", EventName = "CertificateExpired")]
    private partial void CertificateExpired(string key, string file, DateTimeOffset notAfter);

    [LoggerMessage(LogLevel.Information, "{Key}: the files have changed, and are in force", EventName = "CertificateReloaded")]
    private partial void CertificateReloaded(string key);

    [LoggerMessage(LogLevel.Error, "{Key}: the files have changed and cannot be used; what was there before is in force: {Why}", EventName = "CertificateNotReloaded")]
    private partial void CertificateNotReloaded(string key, string why);
}
