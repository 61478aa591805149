using System.Security.Cryptography.X509Certificates;
using Border0.PdSidecar.Client;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>Certificates in files, as an operator would have them for a sidecar beyond loopback.</summary>
internal sealed class TlsFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TlsFolder()
    {
        Certify();
        File.WriteAllText(ServerCa, Servers.Pem);
        File.WriteAllText(_folder.Path("clients.crt"), Clients.Pem);
    }

    public TestAuthority Servers { get; } = new("servers");

    public TestAuthority Clients { get; } = new("clients");

    public string ServerCa => _folder.Path("servers.crt");

    /// <summary>Arguments of `serve`: beyond loopback, and whose certificate has which roles.</summary>
    public string[] Arguments =>
    [
        "--grpc-tcp", "0.0.0.0:0", "--grpc-tls-cert", _folder.Path("tls.crt"), "--grpc-tls-key", _folder.Path("tls.key"),
        "--grpc-client-ca", _folder.Path("clients.crt"), "--grpc-client-callers", "uri:spiffe://acme/connector/*=connector:*, cn:auditor=viewer",
    ];

    /// <summary>Where a sidecar is reached that was started with these.</summary>
    public static string AddressOf(Sidecar sidecar) => $"https://127.0.0.1:{new Uri("http://" + sidecar.GrpcTcp).Port}";

    /// <summary>Gives the sidecar a new certificate.</summary>
    public void Certify(TimeSpan? validFor = null)
    {
        using var certificate = Servers.Certify("CN=sidecar", ["ip:127.0.0.1"], validFor is { } span ? DateTimeOffset.UtcNow + span : null, forServers: true);
        TestAuthority.Write(certificate, _folder.Path("tls.crt"), _folder.Path("tls.key"));
    }

    /// <summary>Breaks the sidecar's certificate.</summary>
    public void Damage() => File.WriteAllText(_folder.Path("tls.crt"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

    /// <summary>A client's certificate.</summary>
    public SidecarCredentials Client(string name, string subject = "CN=x", X509Certificate2? certificate = null)
    {
        using var made = certificate ?? Clients.Certify(subject, ["uri:spiffe://acme/connector/" + name]);
        TestAuthority.Write(made, _folder.Path(name + ".crt"), _folder.Path(name + ".key"));
        return new SidecarCredentials { ServerCaFile = ServerCa, CertificateFile = _folder.Path(name + ".crt"), KeyFile = _folder.Path(name + ".key") };
    }

    /// <summary>A file with a text.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(_folder.Path(name), text);
        return _folder.Path(name);
    }

    public void Dispose()
    {
        Servers.Dispose();
        Clients.Dispose();
        _folder.Dispose();
    }
}
