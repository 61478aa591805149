using System.Net;
using System.Net.Sockets;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>The client library's credentials against a sidecar beyond loopback.</summary>
public sealed class ClientCredentialsTests : IDisposable
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(120), TimeProvider.System);

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task AClientCertificate_IsReadAgain_ForEveryConnection()
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        var credentials = Credentials(host, "CN=x", "uri:spiffe://acme/connector/c1");

        Assert.Equal(StatusCode.OK, await AskAsync(host.Address, credentials, "c1"));
        Assert.Equal(StatusCode.PermissionDenied, await AskAsync(host.Address, credentials, "c2"));
        Assert.Equal(StatusCode.Unauthenticated, await AskAsync(host.Address, new SidecarCredentials { ServerCaFile = credentials.ServerCaFile }, "c1"));

        // A connection keeps its certificate; the next one has what the files hold by then.
        using var connection = SidecarConnection.To(host.Address, credentials);
        var evaluation = new EvaluationService.EvaluationServiceClient(connection.Channel);
        await evaluation.EvaluateAsync(Request("c1"));
        Credentials(host, "CN=x", "uri:spiffe://acme/connector/c2");
        await evaluation.EvaluateAsync(Request("c1"));
        using var renewed = SidecarConnection.To(host.Address, credentials);
        var renewing = new EvaluationService.EvaluationServiceClient(renewed.Channel);
        var seconds = 3;
        do
        {
            // On a machine so busy that it had expired before it was shown, the next one lasts longer.
            using var brief = host.ClientAuthority.Certify("CN=x", ["uri:spiffe://acme/connector/c3"], TimeProvider.System.GetUtcNow().AddSeconds(seconds));
            TestAuthority.Write(brief, credentials.CertificateFile, credentials.KeyFile);
            seconds *= 2;
        }
        while (await StatusAsync(renewing, "c3") != StatusCode.OK);

        Credentials(host, "CN=x", "uri:spiffe://acme/connector/c4");
        await EventuallyAsync(async () => await StatusAsync(renewing, "c4") == StatusCode.OK);
    }

    [Fact]
    public async Task ATokenFile_IsReadAgain_AndASidecarOfAnotherAuthorityIsNotTalkedTo()
    {
        string first = "", second = "";
        await using var host = await TlsHost.StartAsync(_patience.Token, async file =>
        {
            first = (await file.CreateAsync("first", "connector", "c1", null, "test", default))!.Value.Text;
            second = (await file.CreateAsync("second", "connector", "c2", null, "test", default))!.Value.Text;
        });
        var file = host.PathOf("token");
        await File.WriteAllTextAsync(file, first + "\n");
        var credentials = new SidecarCredentials { TokenFile = file, ServerCaFile = Authority(host, host.ServerAuthority) };
        using var connection = SidecarConnection.To(host.Address, credentials);
        var evaluation = new EvaluationService.EvaluationServiceClient(connection.Channel);

        Assert.Equal(StatusCode.OK, await StatusAsync(evaluation, "c1"));
        Assert.Equal(StatusCode.PermissionDenied, await StatusAsync(evaluation, "c2"));
        await File.WriteAllTextAsync(file, second);
        await EventuallyAsync(async () => await StatusAsync(evaluation, "c2") == StatusCode.OK);
        await File.WriteAllTextAsync(file, "");
        await EventuallyAsync(async () => await StatusAsync(evaluation, "c2") == StatusCode.Internal);

        Assert.Equal(StatusCode.OK, await AskAsync(host.Address, new SidecarCredentials { Token = first, ServerCaFile = credentials.ServerCaFile }, "c1"));
        using var others = new TestAuthority("other servers");
        Assert.NotEqual(StatusCode.OK, await AskAsync(host.Address, new SidecarCredentials { Token = first, ServerCaFile = Authority(host, others) }, "c1"));
        Assert.NotEqual(StatusCode.OK, await AskAsync(host.Address, new SidecarCredentials { Token = first }, "c1"));
        Assert.NotEqual(StatusCode.OK, await AskAsync(host.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal), credentials with { ServerCaFile = Authority(host, host.ServerAuthority) }, "c1"));
    }

    [Fact]
    public async Task APeerThatIsSilentInTheHandshake_IsGivenUp_AndTheNextIsTried()
    {
        await using var host = await TlsHost.StartAsync(_patience.Token);
        var credentials = Credentials(host, "CN=x", "uri:spiffe://acme/connector/c1");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var connection = SidecarConnection.To($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", credentials);
        var evaluation = new EvaluationService.EvaluationServiceClient(connection.Channel);

        var asked = StatusAsync(evaluation, "c1");
        using var silent = await listener.AcceptTcpClientAsync(_patience.Token);
        Assert.NotEqual(StatusCode.OK, await asked);
        asked = StatusAsync(evaluation, "c1");
        using var next = await listener.AcceptTcpClientAsync(_patience.Token);
        using var sidecar = new TcpClient();
        await sidecar.ConnectAsync("127.0.0.1", new Uri(host.Address).Port, _patience.Token);
        _ = next.GetStream().CopyToAsync(sidecar.GetStream(), _patience.Token);
        _ = sidecar.GetStream().CopyToAsync(next.GetStream(), _patience.Token);

        Assert.Equal(StatusCode.OK, await asked);
    }

    private static SidecarCredentials Credentials(TlsHost host, string subject, params string[] names)
    {
        using var certificate = host.ClientAuthority.Certify(subject, names);
        TestAuthority.Write(certificate, host.PathOf("client.crt"), host.PathOf("client.key"));
        return new SidecarCredentials
        {
            ServerCaFile = Authority(host, host.ServerAuthority),
            CertificateFile = host.PathOf("client.crt"),
            KeyFile = host.PathOf("client.key"),
        };
    }

    private static string Authority(TlsHost host, TestAuthority authority)
    {
        var file = host.PathOf(Path.GetRandomFileName());
        File.WriteAllText(file, authority.Pem);
        return file;
    }

    private static EvaluateRequest Request(string connector) => new() { ConnectorId = connector, SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" };

    private async Task<StatusCode> AskAsync(string address, SidecarCredentials credentials, string connector)
    {
        using var connection = SidecarConnection.To(address, credentials);
        return await StatusAsync(new EvaluationService.EvaluationServiceClient(connection.Channel), connector);
    }

    private async Task<StatusCode> StatusAsync(EvaluationService.EvaluationServiceClient evaluation, string connector)
    {
        try
        {
            await evaluation.EvaluateAsync(Request(connector), cancellationToken: _patience.Token);
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    private async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, _patience.Token);
        }
    }
}
