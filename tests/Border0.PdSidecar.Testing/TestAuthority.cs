using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Border0.PdSidecar.Testing;

/// <summary>A certificate authority of a test: it certifies servers and clients, with or without one in between.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name, TestAuthority? above = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        if (above is null)
        {
            _certificate = request.CreateSelfSigned(Start, End);
        }
        else
        {
            using var signed = request.Create(above._certificate, Start, End.AddMinutes(-1), RandomNumberGenerator.GetBytes(8));
            _certificate = signed.CopyWithPrivateKey(key);
        }
    }

    public string Pem => _certificate.ExportCertificatePem();

    public X509Certificate2 Root => X509CertificateLoader.LoadCertificate(_certificate.RawData);

    private static DateTimeOffset Start => TimeProvider.System.GetUtcNow().AddDays(-1);

    private static DateTimeOffset End => TimeProvider.System.GetUtcNow().AddDays(30);

    /// <summary>A certificate with its key.</summary>
    /// <param name="subject">Its subject: "CN=...".</param>
    /// <param name="names">Its alternative names: "uri:...", "dns:..." or "ip:...".</param>
    /// <param name="notAfter">When it expires; in 10 days unless given.</param>
    /// <param name="forServers">For servers and not for clients.</param>
    /// <param name="notBefore">When it begins to be valid; in the past unless given.</param>
    public X509Certificate2 Certify(string subject, IEnumerable<string> names, DateTimeOffset? notAfter = null, bool forServers = false, DateTimeOffset? notBefore = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(forServers ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        var alternative = new SubjectAlternativeNameBuilder();
        foreach (var name in names.Select(n => n.Split(':', 2)))
        {
            switch (name[0])
            {
                case "uri":
                    alternative.AddUri(new Uri(name[1]));
                    break;
                case "dns":
                    alternative.AddDnsName(name[1]);
                    break;
                default:
                    alternative.AddIpAddress(System.Net.IPAddress.Parse(name[1]));
                    break;
            }
        }

        request.CertificateExtensions.Add(alternative.Build());
        var end = notAfter ?? TimeProvider.System.GetUtcNow().AddDays(10);
        using var signed = request.Create(_certificate, notBefore ?? Start, end, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>Writes a certificate, those above it and its key to two files.</summary>
    public static void Write(X509Certificate2 certificate, string certificateFile, string keyFile, params TestAuthority[] above)
    {
        File.WriteAllText(certificateFile, string.Join('\n', [certificate.ExportCertificatePem(), .. above.Select(a => a.Pem)]));
        File.WriteAllText(keyFile, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _certificate.Dispose();
}
