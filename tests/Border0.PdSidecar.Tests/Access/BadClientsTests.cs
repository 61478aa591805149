using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>Who comes with the wrong certificate, the wrong protocol or a token that is none. The sidecar serves others afterwards.</summary>
public sealed class BadClientsTests : IDisposable
{
    private const string Name = "uri:spiffe://acme/connector/c1";
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60), TimeProvider.System);

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public void Dispose() => _patience.Dispose();

    [Theory]
    [InlineData("expired")]
    [InlineData("not yet valid")]
    [InlineData("self-signed")]
    [InlineData("of another authority")]
    [InlineData("of another authority of the same name")]
    [InlineData("of the servers' authority")]
    [InlineData("for servers")]
    [InlineData("of a client")]
    [InlineData("of an authority below, which is not sent")]
    public async Task ACertificate_ThatIsNotAccepted_DoesNotConnect(string kind)
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        using var others = new TestAuthority(kind == "of another authority" ? "others" : "clients");
        using var below = new TestAuthority("below", host.ClientAuthority);
        using var client = host.ClientAuthority.Certify("CN=auditor", [Name]);
        using var certificate = kind switch
        {
            "expired" => host.ClientAuthority.Certify("CN=auditor", [Name], Now.AddMinutes(-1)),
            "not yet valid" => host.ClientAuthority.Certify("CN=auditor", [Name], notBefore: Now.AddHours(1)),
            "self-signed" => SelfSigned(),
            "of the servers' authority" => host.ServerAuthority.Certify("CN=auditor", [Name]),
            "for servers" => host.ClientAuthority.Certify("CN=auditor", [Name], forServers: true),
            "of a client" => CertifiedBy(client),
            "of an authority below, which is not sent" => below.Certify("CN=auditor", [Name]),
            _ => others.Certify("CN=auditor", [Name]),
        };

        Assert.NotEqual(StatusCode.OK, await HealthAsync(host.Connect(certificate)));

        Assert.Equal(StatusCode.OK, await HealthAsync(host.Connect(client)));
        // At least one: with TLS 1.3 a client learns of the refusal after the handshake, and may have connected again by itself.
        Assert.Matches("(?m)^pdsidecar_client_certificates_refused_total [1-9]", await MetricsAsync(host));
    }

    [Theory]
    [InlineData(0x02, true)]
    [InlineData(0x03, false)]
    public async Task Tls11_IsRefused_AsAProtocol(byte minor, bool isRefused)
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", new Uri(host.Address).Port, _patience.Token);

        await tcp.GetStream().WriteAsync(Hello(minor), _patience.Token);
        var answer = new byte[7];
        await tcp.GetStream().ReadExactlyAsync(answer, _patience.Token);

        // An alert, fatal, protocol_version (RFC 5246, 7.2); else a handshake that goes on.
        Assert.Equal(isRefused ? "15 0246" : "16", isRefused ? $"{answer[0]:X2} {answer[5]:X2}{answer[6]:X2}" : $"{answer[0]:X2}");
    }

    [Fact]
    public async Task TheWrongProtocol_GetsNothing_AndHarmsNobody()
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        using var plaintextToTls = GrpcChannel.ForAddress(host.Address.Replace("https", "http", StringComparison.Ordinal));
        await using var local = await Hosting.RunningHost.StartAsync(_patience.Token);
        using var tlsToPlaintext = GrpcChannel.ForAddress("https://" + local.Host.Endpoints.GrpcTcp);
        using var http1 = new HttpClient();

        Assert.NotEqual(StatusCode.OK, await HealthAsync(plaintextToTls));
        Assert.NotEqual(StatusCode.OK, await HealthAsync(tlsToPlaintext));
        await Assert.ThrowsAnyAsync<Exception>(async () => await http1.GetAsync(new Uri(host.Http.ToString().Replace("https", "http", StringComparison.Ordinal)), _patience.Token));
        foreach (var port in (int[])[new Uri(host.Address).Port, new Uri("http://" + local.Host.Endpoints.GrpcTcp).Port])
        {
            using var tcp = new TcpClient();
            await tcp.ConnectAsync("127.0.0.1", port, _patience.Token);
            await tcp.GetStream().WriteAsync(RandomNumberGenerator.GetBytes(4096), _patience.Token);
            await EndedAsync(tcp.GetStream());
        }

        Assert.Equal(StatusCode.OK, await HealthAsync(host.Connect()));
        Assert.Equal(StatusCode.OK, await HealthAsync(local.Tcp));
    }

    [Theory]
    [InlineData("Bearer {token}\u00e9")]
    [InlineData("Bearer \u00e9\u00ff\u0080")]
    [InlineData("Bearer {token} ;")]
    [InlineData("Bearer {token}%00")]
    [InlineData("Bearer pdsc_../../../etc/passwd")]
    [InlineData("Bearer \"{token}\"")]
    [InlineData("Bearer\t{token}")]
    [InlineData("{token}")]
    [InlineData("Basic {token}")]
    [InlineData("Bearer {token},Bearer {token}")]
    [InlineData("Bearer {8000}")]
    [InlineData("Bearer {token}{8000}")]
    [InlineData("Bearer {200000}")]
    public async Task ABearer_ThatIsNone_IsNobody(string header)
    {
        var token = "";
        await using var host = await TlsHost.StartAsync(
            _patience.Token, async file => token = (await file.CreateAsync("alice", "viewer", null, null, "test", default))!.Value.Text);
        var sent = header.Replace("{token}", token, StringComparison.Ordinal)
            .Replace("{8000}", new string('a', 8000), StringComparison.Ordinal).Replace("{200000}", new string('a', 200_000), StringComparison.Ordinal);

        var (status, message) = await ListAsync(host, sent);

        // Headers that are too large, or that are not ASCII, end their connection before anybody asks who it is.
        var isNoHeader = sent.Length > 16 * 1024 || sent.Any(c => c > '~');
        Assert.Equal(isNoHeader ? "broken" : "16", status);
        Assert.DoesNotContain(token, message, StringComparison.Ordinal);
        Assert.Equal("0", (await ListAsync(host, $"Bearer {token}")).Status);
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=auditor", key, HashAlgorithmName.SHA256).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
    }

    private static X509Certificate2 CertifiedBy(X509Certificate2 client)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var generator = X509SignatureGenerator.CreateForECDsa(client.GetECDsaPrivateKey()!);
        using var signed = new CertificateRequest("CN=auditor", key, HashAlgorithmName.SHA256)
            .Create(client.SubjectName, generator, Now.AddHours(-1), Now.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>A ClientHello of TLS 1.1 or 1.2 for certificates with elliptic keys (RFC 5246, 7.4.1.2).</summary>
    private static byte[] Hello(byte minor)
    {
        // supported_groups: P-256; ec_point_formats: uncompressed; signature_algorithms: ecdsa_secp256r1_sha256, ecdsa_sha1.
        var extensions = Convert.FromHexString("000A00040002" + "0017" + "000B00020100" + "000D000600040403" + "0203");
        byte[] body =
        [
            3, minor, .. RandomNumberGenerator.GetBytes(32), 0,
            0, 6, 0xC0, 0x2B, 0xC0, 0x09, 0xC0, 0x0A, 1, 0, 0, (byte)extensions.Length, .. extensions,
        ];
        return [0x16, 3, 1, 0, (byte)(body.Length + 4), 1, 0, 0, (byte)body.Length, .. body];
    }

    private static async Task<StatusCode> HealthAsync(GrpcChannel channel)
    {
        try
        {
            await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest());
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    private async Task EndedAsync(NetworkStream stream)
    {
        try
        {
            var rest = new byte[1024];
            while (await stream.ReadAsync(rest, _patience.Token) > 0)
            {
                // An alert, perhaps.
            }
        }
        catch (IOException)
        {
            // Reset: it has ended too.
            return;
        }
    }

    private async Task<string> MetricsAsync(TlsHost host)
    {
        var viewer = (await host.Host.Tokens.CreateAsync("look", "viewer", null, null, "test", _patience.Token))!.Value.Text;
        var http = host.OverHttp();
        http.DefaultRequestHeaders.Add("authorization", $"Bearer {viewer}");
        HttpResponseMessage answer;
        while (!(answer = await http.GetAsync(new Uri(host.Http, "/metrics"), _patience.Token)).IsSuccessStatusCode)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, _patience.Token);
        }

        return await answer.Content.ReadAsStringAsync(_patience.Token);
    }

    /// <summary>Calls ListSessions with a header as it is, which gRPC's own metadata would not take.</summary>
    private async Task<(string Status, string Message)> ListAsync(TlsHost host, string authorization)
    {
        using var http = host.OverHttp(latin1: true);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address + "/border0.pdsidecar.v1.EvaluationService/ListSessions"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 0]),
        };
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        Assert.True(request.Headers.TryAddWithoutValidation("authorization", authorization));
        try
        {
            using var answer = await http.SendAsync(request, _patience.Token);
            var body = Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync(_patience.Token));
            var headers = answer.Headers.Concat(answer.TrailingHeaders).ToLookup(h => h.Key, h => string.Join(',', h.Value), StringComparer.OrdinalIgnoreCase);
            return (headers["grpc-status"].FirstOrDefault() ?? $"HTTP {(int)answer.StatusCode}", $"{headers["grpc-message"].FirstOrDefault()} {body}");
        }
        catch (HttpRequestException e)
        {
            return ("broken", e.Message);
        }
    }
}
