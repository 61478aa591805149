using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Storage.Tokens;
using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>A sidecar that listens beyond loopback, with certificates of a test's authorities.</summary>
internal sealed class TlsHost : IAsyncDisposable
{
    public const string Rules = "uri:spiffe://acme/connector/*=connector:*, dns:*.ops.acme.example=admin+viewer, cn:auditor=viewer";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pdsidecar-tls-");
    private readonly List<IDisposable> _opened = [];
    private RunningHost _host = null!;

    private TlsHost()
    {
    }

    public TestAuthority ServerAuthority { get; } = new("servers");

    public TestAuthority ClientAuthority { get; } = new("clients");

    public RunningHost Host => _host;

    public string Address => $"https://127.0.0.1:{new Uri("http://" + _host.Host.Endpoints.GrpcTcp).Port}";

    public Uri Http => new($"https://127.0.0.1:{new Uri("http://" + _host.Host.Endpoints.Http).Port}");

    public static async Task<TlsHost> StartAsync(CancellationToken cancellation, Func<TokenFile, Task>? tokens = null, string callers = Rules, string listensOn = "0.0.0.0")
    {
        var host = new TlsHost();
        host.Certify();
        host.Accept(host.ClientAuthority);
        Assert.True(CallerRules.TryRead(callers, out var rules));
        host._host = await RunningHost.StartAsync(
            cancellation,
            with: options => options with
            {
                GrpcTcp = new ListenAddress(listensOn, 0),
                Http = new ListenAddress(listensOn, 0),
                GrpcTlsCert = host.PathOf("tls.crt"),
                GrpcTlsKey = host.PathOf("tls.key"),
                GrpcClientCa = host.PathOf("ca.crt"),
                GrpcClientCallers = rules,
                TlsCertificate = host.PathOf("tls.crt"),
                TlsKey = host.PathOf("tls.key"),
            },
            tokens: tokens);
        return host;
    }

    public string PathOf(string file) => Path.Combine(_folder.FullName, file);

    /// <summary>Gives the listener a new certificate.</summary>
    public void Certify(TestAuthority? between = null)
    {
        using var certificate = (between ?? ServerAuthority).Certify("CN=sidecar", ["ip:127.0.0.1"], forServers: true);
        TestAuthority.Write(certificate, PathOf("tls.crt"), PathOf("tls.key"), between is null ? [] : [between]);
    }

    /// <summary>Has the sidecar accept these authorities' clients and no others.</summary>
    public void Accept(params TestAuthority[] authorities) => File.WriteAllText(PathOf("ca.crt"), string.Join('\n', authorities.Select(a => a.Pem)));

    /// <summary>A channel of its own connection.</summary>
    public GrpcChannel Connect(X509Certificate2? client = null, TestAuthority? between = null, Action<X509Certificate2>? sees = null)
    {
        var handler = new SocketsHttpHandler { SslOptions = SslOptions(client, between, sees) };
        var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        _opened.Add(channel);
        return channel;
    }

    public EvaluationService.EvaluationServiceClient Evaluation(X509Certificate2? client = null) => new(Connect(client));

    /// <param name="latin1">Sends headers with characters that are not ASCII as they are.</param>
    /// <param name="sees">Is shown the listener's certificate.</param>
    public HttpClient OverHttp(bool latin1 = false, Action<X509Certificate2>? sees = null)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = SslOptions(null, null, sees),
            RequestHeaderEncodingSelector = latin1 ? (_, _) => System.Text.Encoding.Latin1 : null,
        });
        _opened.Add(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        _opened.ForEach(o => o.Dispose());
        await _host.DisposeAsync();
        ServerAuthority.Dispose();
        ClientAuthority.Dispose();
        _folder.Delete(recursive: true);
    }

    private SslClientAuthenticationOptions SslOptions(X509Certificate2? client, TestAuthority? between, Action<X509Certificate2>? sees) => new()
    {
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { ServerAuthority.Root },
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        },
        ClientCertificateContext = client is null ? null : SslStreamCertificateContext.Create(client, between is null ? [] : [between.Root], offline: true),
        RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            sees?.Invoke((X509Certificate2)certificate!);
            return errors == SslPolicyErrors.None;
        },
    };
}
