using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Fleet.Election;

namespace Border0.PdSidecar.Fleet.Tests.Election;

public class RendezvousTests
{
    private static readonly string[] Members = [.. Enumerable.Range(0, 20).Select(i => $"member{i}")];

    private static IEnumerable<IntegrationKey> Integrations => Enumerable.Range(0, 2000).Select(i => new IntegrationKey("acme", $"pd{i}"));

    [Fact]
    public void EveryMember_GetsAboutItsShare()
    {
        var shares = Integrations.CountBy(i => Rendezvous.Order(Members, i)[0]).ToDictionary();

        Assert.Equal(Members.Length, shares.Count);
        Assert.All(shares.Values, count => Assert.InRange(count, 60, 145));
    }

    [Fact]
    public void AMemberThatLeaves_MovesItsOwnIntegrationsOnly()
    {
        var rest = Members[1..];

        foreach (var integration in Integrations)
        {
            var before = Rendezvous.Order(Members, integration);
            Assert.Equal(before[0] == Members[0] ? before[1] : before[0], Rendezvous.Order(rest, integration)[0]);
        }
    }

    [Fact]
    public void Rank_IsThePlaceInTheOrder_AlsoOfOneWhoIsNotAmongThemYet()
    {
        var integration = new IntegrationKey("acme", "pd");
        foreach (var (rank, member) in Rendezvous.Order(Members, integration).Index())
        {
            Assert.Equal(rank, Rendezvous.RankOf(member, Members, integration));
            Assert.Equal(rank, Rendezvous.RankOf(member, Members.Where(m => m != member), integration));
        }
    }
}
