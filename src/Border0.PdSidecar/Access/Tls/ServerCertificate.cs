using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Border0.PdSidecar.Access.Tls;

/// <summary>What a listener shows for itself: a certificate with its key, and what leads from it to its authority.</summary>
/// <param name="Context">For handshakes.</param>
/// <param name="NotAfter">When it expires.</param>
internal sealed record ServerCertificate(SslStreamCertificateContext Context, DateTimeOffset NotAfter)
{
    /// <summary>Makes it of PEM texts.</summary>
    /// <param name="certificates">The certificate, and then those above it.</param>
    /// <param name="key">Its private key, not encrypted.</param>
    /// <param name="at">The instant that it must be valid at; null for any.</param>
    /// <exception cref="CryptographicException">They cannot be used.</exception>
    public static ServerCertificate Of(string certificates, string key, DateTimeOffset? at)
    {
        if (key.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new CryptographicException("the private key is encrypted; keep it unencrypted in a file that only this user may read");
        }

        var leaf = X509Certificate2.CreateFromPem(certificates, key);
        if (at < leaf.NotBefore || at > leaf.NotAfter)
        {
            throw new CryptographicException($"the certificate is valid from {leaf.NotBefore.ToUniversalTime():u} to {leaf.NotAfter.ToUniversalTime():u} only");
        }

        var above = new X509Certificate2Collection();
        above.ImportFromPem(certificates);
        above.RemoveAt(0);
        return new ServerCertificate(SslStreamCertificateContext.Create(leaf, above, offline: true), leaf.NotAfter);
    }
}
