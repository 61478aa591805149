using Border0.PdSidecar.Fleet.Tests.Sidecars;
using Border0.PdSidecar.Testing;

namespace Border0.PdSidecar.Fleet.Tests;

/// <summary>That a member which the schedules cut off really is.</summary>
public class EtcdNetworkTests
{
    [Fact]
    public async Task ALeaderThatIsCutOff_IsReplaced_AndFollowsWhenItIsReachedAgain()
    {
        await using var network = await EtcdNetwork.StartAsync(3);
        var leader = await network.Cluster.LeaderAsync();

        network.CutOff(leader);
        await Eventually.SeesAsync(
            async () => !await leader.IsLeaderAsync() && (await network.Cluster.LeaderAsync()) != leader ? "" : null, "another leader", TimeSpan.FromSeconds(60));

        network.Mend();
        await leader.HealthyAsync();
    }
}
