using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Policies;

public class PolicyCatalogTests
{
    private static readonly IntegrationSettings Pd =
        new(new("o", "pd"), "pd", TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30));

    [Fact]
    public void Replacement_ThatChangesNothing_CompilesNothingAndTellsNobody()
    {
        var catalog = new PolicyCatalog();
        catalog.Replace([Policy("a", "1", "s1")], [Pd]);
        var before = catalog.Current.Of("o")!.All[0];
        var told = 0;
        catalog.Changed += _ => told++;

        var change = catalog.Replace([Policy("a", "1", "s1")], [Pd]);

        Assert.True(change.IsEmpty);
        Assert.Equal(0, told);
        Assert.Same(before, catalog.Current.Of("o")!.All[0]);
    }

    [Theory]
    [InlineData("s1", true)]
    [InlineData("s2", true)]
    [InlineData("s3", false)]
    public void Change_ConcernsWhatThePolicyReachedBeforeAndReachesNow(string socket, bool concerns)
    {
        var catalog = new PolicyCatalog();
        catalog.Replace([Policy("a", "1", "s1"), Policy("b", "1", "s3")], [Pd]);

        var change = catalog.Replace([Policy("a", "2", "s2"), Policy("b", "1", "s3")], [Pd]);

        Assert.Equal(concerns, change.Concerns(Request(socket)));
    }

    [Fact]
    public void Change_OfAnIntegration_ConcernsThePoliciesThatReferToIt()
    {
        var catalog = new PolicyCatalog();
        var refers = Policy("a", "1", "s1");
        refers.Integrations.Add(new IntegrationCondition { IntegrationName = "PD", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = "P1", RequireIncident = true } });
        catalog.Replace([refers, Policy("b", "1", "s2")], [Pd]);

        var change = catalog.Replace([refers, Policy("b", "1", "s2")], []);

        Assert.True(change.Concerns(Request("s1")));
        Assert.False(change.Concerns(Request("s2")));
    }

    [Fact]
    public void Removal_ConcernsWhatThePolicyReached_AndNoOtherOrganization()
    {
        var catalog = new PolicyCatalog();
        catalog.Replace([Policy("a", "1", "s1")], [Pd]);

        var change = catalog.Replace([], [Pd]);

        Assert.True(change.Concerns(Request("s1")));
        Assert.False(change.Concerns(Request("s1") with { OrganizationId = "other" }));
    }

    [Fact]
    public void Snapshot_KnowsWhichServicesArePolled_AndWhoRefersToAnIntegration()
    {
        var catalog = new PolicyCatalog();
        var refers = Policy("a", "1", "s1");
        refers.Integrations.Add(new IntegrationCondition { IntegrationName = "PD", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = "P1", RequireIncident = true } });
        refers.Integrations.Add(new IntegrationCondition { IntegrationName = "pd", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = "PNOOP" } });
        catalog.Replace([refers, Policy("b", "1", "s2")], [Pd]);

        Assert.Equal(["P1"], catalog.Current.ServicesOf(Pd.Key));
        Assert.Equal(["a"], catalog.Current.PoliciesReferringTo(Pd.Key));
    }

    private static Policy Policy(string name, string etag, string socket) => new()
    {
        Name = name,
        OrganizationId = "o",
        Etag = etag,
        SocketIds = { socket },
        Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
    };

    private static AccessRequest Request(string socket) => new()
    {
        OrganizationId = "o",
        SocketId = socket,
        SocketType = "ssh",
        UserEmail = "a@b.c",
        ServiceAccount = "",
        ClientCountry = "",
    };
}
