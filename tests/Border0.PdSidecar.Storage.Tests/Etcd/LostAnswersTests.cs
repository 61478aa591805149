using System.Collections.Concurrent;
using Border0.PdSidecar.Storage.Etcd.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Tests.Configuration;
using Border0.PdSidecar.Testing.Etcd;

namespace Border0.PdSidecar.Storage.Tests.Etcd;

/// <summary>
/// Writers while members are killed and stopped at random. A write that was acknowledged is there; one that failed for certain is not, now
/// or later; one whose outcome is unknown is there as a whole or not at all.
/// </summary>
public sealed class LostAnswersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Whatever_happens_to_members_every_answer_is_true()
    {
        await using var cluster = await EtcdCluster.StartAsync(members: 3);
        var answers = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        using var end = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(w => WriteAsync(cluster, $"w{w}", answers, end.Token)).ToList();
        var random = new Random(7);
        for (var fault = 0; fault < Soak.Runs(4, 40); fault++)
        {
            var machine = fault % 2 == 0 ? await cluster.LeaderAsync() : cluster.Machines[random.Next(3)];
            var before = answers.Count;
            if (random.Next(2) == 0)
            {
                await machine.KillAsync();
                await GoesOnAsync(answers, before);
                await machine.RestartAsync();
            }
            else
            {
                machine.Freeze();
                await GoesOnAsync(answers, before);
                machine.Thaw();
                await machine.HealthyAsync();
            }
        }

        await end.CancelAsync();
        await Task.WhenAll(writers);
        using var client = Client(cluster);
        var stored = (await Store(client).LoadAsync(default)).Policies.ToDictionary(p => p.Name, p => p.Description);
        foreach (var (name, answer) in answers)
        {
            Assert.True(answer switch { "written" => stored.ContainsKey(name), "not written" => !stored.ContainsKey(name), _ => true }, $"{name}: {answer}, there: {stored.ContainsKey(name)}");
        }

        Assert.Contains("written", answers.Values);
    }

    /// <summary>The others go on without it: several more writes are acknowledged.</summary>
    private static Task<string> GoesOnAsync(ConcurrentDictionary<string, string> answers, int before) => Testing.Eventually.SeesAsync(
        () => answers.Count(a => a.Value == "written") > before + 3 ? "goes on" : null, "acknowledged writes", TimeSpan.FromSeconds(90));

    private static EtcdClient Client(EtcdCluster cluster) => new(SharedEtcd.Options(cluster, "/f/") with { CallTimeout = TimeSpan.FromSeconds(6), AttemptTimeout = TimeSpan.FromSeconds(2) }, TimeProvider.System);

    private EtcdConfigurationStore Store(EtcdClient client) => new(client, KeyRing.Open(_folder.Path("encryption.key")), TimeProvider.System);

    private async Task WriteAsync(EtcdCluster cluster, string writer, ConcurrentDictionary<string, string> answers, CancellationToken end)
    {
        using var client = Client(cluster);
        EtcdConfigurationStore store;
        lock (answers)
        {
            store = Store(client);
        }

        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            var name = $"{writer}-{i}";
            try
            {
                answers[name] = await store.CreateAsync(Samples.Policy(name), default) == WriteOutcome.Written ? "written" : "is there already";
            }
            catch (StorageOutcomeUnknownException)
            {
                answers[name] = "unknown";
            }
            catch (StorageUnavailableException)
            {
                answers[name] = "not written";
            }
        }

        // It was never written by anybody else.
        Assert.DoesNotContain("is there already", answers.Values);
    }
}
