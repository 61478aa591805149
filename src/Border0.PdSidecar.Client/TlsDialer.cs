using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Border0.PdSidecar.Client;

/// <summary>Makes TLS connections with certificates that are read from their files for each.</summary>
internal static class TlsDialer
{
    /// <summary>Connects, and returns after the handshake.</summary>
    /// <param name="host">The host, which the sidecar's certificate has to name.</param>
    /// <param name="port">The port.</param>
    /// <param name="credentials">Where the certificates are.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async ValueTask<Stream> DialAsync(string host, int port, SidecarCredentials credentials, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? stream = null;
        try
        {
            await socket.ConnectAsync(host, port, cancellation);
            stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(Options(host, credentials), cancellation);
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

    private static SslClientAuthenticationOptions Options(string host, SidecarCredentials credentials)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
        if (credentials.ServerCaFile.Length > 0)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(credentials.ServerCaFile);
        }

        if (credentials.CertificateFile.Length > 0)
        {
            var above = new X509Certificate2Collection();
            above.ImportFromPemFile(credentials.CertificateFile);
            above.RemoveAt(0);
            options.ClientCertificateContext = SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPemFile(credentials.CertificateFile, credentials.KeyFile), above, offline: true);
        }

        return options;
    }
}
