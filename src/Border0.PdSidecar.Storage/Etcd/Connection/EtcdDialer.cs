using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>Connects to a member; with TLS where its address says so. Certificates are read from their files for each connection, so that they can be renewed.</summary>
internal static class EtcdDialer
{
    /// <exception cref="IOException">The files of the certificates cannot be used.</exception>
    public static async ValueTask<Stream> DialAsync(Uri endpoint, EtcdOptions options, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? stream = null;
        try
        {
            await socket.ConnectAsync(endpoint.IdnHost, endpoint.Port, cancellation);
            if (endpoint.Scheme == "http")
            {
                return new NetworkStream(socket, ownsSocket: true);
            }

            stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(Tls(endpoint, options), cancellation);
            return stream;
        }
        catch
        {
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }

            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Tls(Uri endpoint, EtcdOptions options)
    {
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = endpoint.IdnHost,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
        try
        {
            if (options.TlsCa.Length > 0)
            {
                tls.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    DisableCertificateDownloads = true,
                };
                tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(options.TlsCa);
            }

            if (options.TlsCert.Length > 0)
            {
                var above = new X509Certificate2Collection();
                above.ImportFromPemFile(options.TlsCert);
                above.RemoveAt(0);
                tls.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(options.TlsCert, options.TlsKey), above, offline: true);
            }
        }
        catch (CryptographicException e)
        {
            throw new IOException($"the certificates for etcd cannot be used: {e.Message}", e);
        }

        return tls;
    }
}
