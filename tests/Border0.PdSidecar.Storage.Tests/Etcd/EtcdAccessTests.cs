using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Testing;
using Border0.PdSidecar.Testing.Etcd;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Tests.Etcd;

/// <summary>TLS both ways, a user with a password, and exactly the permissions that the documentation asks for.</summary>
public sealed class EtcdAccessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_user_with_a_password_needs_its_prefix_only_and_logs_in_again_when_its_token_is_forgotten()
    {
        await using var cluster = await EtcdCluster.StartAsync();
        foreach (var command in (string[])
            [
                "user add root:root-password", "user grant-role root root", "role add pdsidecar", "role grant-permission pdsidecar --prefix=true readwrite /fleet/",
                "user add pdsidecar:correct-horse", "user grant-role pdsidecar pdsidecar", "auth enable",
            ])
        {
            await cluster.ControlAsync(command.Split(' '));
        }

        var password = _folder.Path("password");
        File.WriteAllText(password, "correct-horse\n");
        var options = SharedEtcd.Options(cluster, "/fleet/") with { User = "pdsidecar", PasswordFile = password };
        Assert.Empty(options.Problems());
        using var client = new EtcdClient(options, TimeProvider.System);
        await using var news = new EtcdFollower(client, "", TimeProvider.System).FollowAsync(default).GetAsyncEnumerator();
        Assert.True(await news.MoveNextAsync());
        await PutAsync(client);
        await SeeVersionAsync(news, 1);
        var lease = await client.GrantLeaseAsync(TimeSpan.FromSeconds(60), default);
        Assert.NotNull(await client.KeepAliveAsync(lease, default));
        await client.RevokeAsync(lease, default);

        // A member that was started again knows no token of before.
        await cluster.Machines[0].KillAsync();
        await cluster.Machines[0].RestartAsync();
        await PutAsync(client);
        Assert.True((await client.GetAsync("a", default)).Exists);
        await SeeVersionAsync(news, 2);

        // Outside of its prefix, or with another password, nothing.
        using var elsewhere = new EtcdClient(options with { Prefix = "/fleet-of-others/" }, TimeProvider.System);
        Assert.Contains("permission denied", (await Assert.ThrowsAsync<EtcdRefusedException>(() => PutAsync(elsewhere))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<EtcdRefusedException>(() => elsewhere.WatchAsync("", 1, default));
        File.WriteAllText(password, "wrong");
        using var wrong = new EtcdClient(options, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<EtcdRefusedException>(() => wrong.GetAsync("a", default));
        Assert.Contains("authentication failed", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_are_checked_both_ways()
    {
        using var authority = new TestAuthority("etcd");
        using var stranger = new TestAuthority("stranger");
        var (ca, otherCa) = (_folder.Path("ca.pem"), _folder.Path("other-ca.pem"));
        File.WriteAllText(ca, authority.Pem);
        File.WriteAllText(otherCa, stranger.Pem);
        Write(authority, "server", forServers: true);
        Write(authority, "client", forServers: false);
        await using var cluster = await EtcdCluster.StartAsync(
            1, "https", "--cert-file", _folder.Path("server.pem"), "--key-file", _folder.Path("server.key"), "--client-cert-auth", "--trusted-ca-file", ca);
        var options = SharedEtcd.Options(cluster, "/f/") with { TlsCa = ca, TlsCert = _folder.Path("client.pem"), TlsKey = _folder.Path("client.key"), CallTimeout = TimeSpan.FromSeconds(10) };
        Assert.Empty(options.Problems());
        using (var client = new EtcdClient(options, TimeProvider.System))
        {
            await PutAsync(client);
        }

        foreach (var wrong in (EtcdOptions[])[options with { TlsCa = otherCa }, options with { TlsCert = "", TlsKey = "" }, options with { TlsCa = "" }])
        {
            using var client = new EtcdClient(wrong with { CallTimeout = TimeSpan.FromSeconds(4) }, TimeProvider.System);
            await Assert.ThrowsAsync<EtcdUnavailableException>(() => client.GetAsync("a", default));
        }
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_with_the_name_of_its_key()
    {
        File.WriteAllText(_folder.Path("no.pem"), "no certificate");
        var problems = new EtcdOptions
        {
            Endpoints = EtcdOptions.ReadEndpoints("http://10.0.0.1:2379,https://etcd.example:2379")!.Value,
            TlsCert = _folder.Path("no.pem"),
            TlsKey = _folder.Path("no.pem"),
            TlsCa = _folder.Path("absent.pem"),
            User = "somebody",
            Prefix = "no-slash",
        }.Problems().ToList();
        foreach (var key in (string[])["etcd_endpoints: http://10.0.0.1:2379", "etcd_tls_cert: ", "etcd_tls_ca: ", "etcd_password_file: is needed", "etcd_prefix: "])
        {
            Assert.Single(problems, p => p.StartsWith(key, StringComparison.Ordinal));
        }

        Assert.Single(new EtcdOptions().Problems(), p => p.StartsWith("etcd_endpoints: is needed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("etcd:2379")]
    [InlineData("https://a:2379/path")]
    [InlineData("https://user:password@a:2379")]
    [InlineData("https://a:2379,https://a:2379")]
    [InlineData("ftp://a:2379")]
    public void What_is_no_list_of_members_is_refused(string text) => Assert.Null(EtcdOptions.ReadEndpoints(text));

    private static Task<EtcdTransactionResult> PutAsync(EtcdClient client) => client.CommitAsync(new EtcdTransaction().Put("a", ByteString.CopyFromUtf8("1")), default);

    private static async Task SeeVersionAsync(IAsyncEnumerator<EtcdNews> news, int version)
    {
        while (news.Current is not EtcdNews.Changed changed || changed.Changes.Changes.All(c => c.Record.Version != version))
        {
            Assert.True(await news.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
        }
    }

    private void Write(TestAuthority authority, string name, bool forServers)
    {
        using var certificate = authority.Certify($"CN={name}", ["ip:127.0.0.1"], forServers: forServers);
        TestAuthority.Write(certificate, _folder.Path(name + ".pem"), _folder.Path(name + ".key"), authority);
    }
}
