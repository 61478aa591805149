using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class GrantsTests
{
    [Theory]
    [InlineData("ssh:read,write", "ssh:read,write", false)]
    [InlineData("ssh:read", "ssh:read,write", false)]
    [InlineData("ssh:read,write", "ssh:read", true)]
    [InlineData("ssh:read", "ssh:write", true)]
    [InlineData("ssh:read", "http:read", true)]
    [InlineData("ssh:read", "", true)]
    [InlineData("", "ssh:read", false)]
    public void IsLess_OfActions_AndOfPermissions(string before, string now, bool isLess)
    {
        Assert.Equal(isLess, Grants.IsLess(Actions(now), Actions(before)));
        Assert.Equal(isLess, Grants.IsLess(Permissions(now), Permissions(before)));
    }

    [Fact]
    public void IsLess_OfTheSame_IsFalse()
    {
        var grants = Permissions("ssh:read");
        Assert.False(Grants.IsLess(grants, grants));
    }

    private static GrantSet Actions(string text) => text.Length == 0 ? GrantSet.None : new GrantSet
    {
        Actions = new Dictionary<string, ActionList> { [text.Split(':')[0]] = new() { Values = { text.Split(':')[1].Split(',') } } },
    };

    private static GrantSet Permissions(string text) => text.Length == 0 ? GrantSet.None : new GrantSet
    {
        Permissions = new Dictionary<string, PermissionList>
        {
            [text.Split(':')[0]] = new() { Grants = { text.Split(':')[1].Split(',').Select(p => new Struct { Fields = { [p] = Value.ForBool(true) } }) } },
        },
    };
}
