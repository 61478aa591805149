namespace Border0.PdSidecar.Client.Tests;

/// <summary>Addresses, and the Unix domain socket itself.</summary>
public class SidecarConnectionTests
{
    [Theory]
    [InlineData("127.0.0.1:50551", "http://127.0.0.1:50551")]
    [InlineData("http://127.0.0.1:50551", "http://127.0.0.1:50551")]
    [InlineData("https://sidecar.example.com:443", "https://sidecar.example.com")]
    [InlineData("http://[::1]:50551/", "http://[::1]:50551")]
    [InlineData("/run/pdsidecar/grpc.sock", "unix:/run/pdsidecar/grpc.sock")]
    [InlineData("unix:/run/pdsidecar/grpc.sock", "unix:/run/pdsidecar/grpc.sock")]
    [InlineData("unix:///run/pdsidecar/grpc.sock", "unix:/run/pdsidecar/grpc.sock")]
    public void To_ReadsAddressesAsConfigurationsHoldThem(string text, string address)
    {
        using var connection = SidecarConnection.To(text);

        Assert.Equal(address, connection.Address);
        Assert.Equal(address, connection.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("http://")]
    [InlineData("unix:")]
    public void To_RefusesWhatIsNoAddress(string text) => Assert.ThrowsAny<ArgumentException>(() => SidecarConnection.To(text));

    [Theory]
    [InlineData("http://sidecar.example.com:50551", "can be read on its way", "t", "", "", "", "")]
    [InlineData("http://192.0.2.1:50551", "can be read on its way", "", "f", "", "", "")]
    [InlineData("https://sidecar.example.com", "give one", "t", "f", "", "", "")]
    [InlineData("https://sidecar.example.com", "need each other", "", "", "", "c", "")]
    [InlineData("https://sidecar.example.com", "need each other", "", "", "", "", "k")]
    [InlineData("http://127.0.0.1:50551", "need an https address", "", "", "", "c", "k")]
    [InlineData("http://127.0.0.1:50551", "need an https address", "", "", "ca", "", "")]
    [InlineData("unix:/run/pdsidecar/grpc.sock", "'unix' has no TLS", "", "", "ca", "", "")]
    public void Credentials_ThatDoNotFitTheAddress_AreRefused(string address, string why, string token, string tokenFile, string ca, string certificate, string key)
    {
        var credentials = new SidecarCredentials { Token = token, TokenFile = tokenFile, ServerCaFile = ca, CertificateFile = certificate, KeyFile = key };
        Assert.Contains(why, Assert.Throws<ArgumentException>(() => SidecarConnection.To(address, credentials)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:50551")]
    [InlineData("[::1]:50551")]
    [InlineData("localhost:50551")]
    [InlineData("https://sidecar.example.com")]
    [InlineData("/run/pdsidecar/grpc.sock")]
    public void AToken_GoesOverTlsLoopbackAndTheUnixSocket(string address)
    {
        var credentials = new SidecarCredentials { Token = "pdsc_secret" };
        using var connection = SidecarConnection.To(address, credentials);
        Assert.DoesNotContain("secret", $"{credentials} {connection}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnixSocket_Carries_QuestionsAndTheWatch()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using var sidecar = await ScriptedSidecar.StartAsync(path);
        using var connection = SidecarConnection.ToUnixSocket(path);
        await using var client = ConnectorClient.Start(connection, new ConnectorOptions { ConnectorId = "c1" }, new RecordingHandler());

        (await sidecar.NextSubscriptionAsync()).Beat(1);

        Assert.True((await client.EvaluateAsync(Connector.Question("s1"))).IsAllowed);
    }

    [Fact]
    public void Options_OutOfRange_AreRefusedByName()
    {
        var fine = new ConnectorOptions { ConnectorId = "c1" };
        (ConnectorOptions Options, string Name)[] wrong =
        [
            (fine with { ConnectorId = " " }, "ConnectorId"),
            (fine with { EvaluateDeadline = TimeSpan.Zero }, "EvaluateDeadline"),
            (fine with { SilenceBound = TimeSpan.FromSeconds(2) }, "SilenceBound"),
            (fine with { HeartbeatInterval = TimeSpan.FromMilliseconds(99) }, "HeartbeatInterval"),
            (fine with { LongestPause = TimeSpan.FromMilliseconds(99) }, "LongestPause"),
            (fine with { MaxSessions = 100_001 }, "MaxSessions"),
        ];
        using var connection = SidecarConnection.To("127.0.0.1:1");

        Assert.All(wrong, w => Assert.Equal(
            w.Name,
            Assert.ThrowsAny<ArgumentException>(() => ConnectorClient.Start(connection, w.Options, new RecordingHandler())).ParamName));
    }
}
