using Border0.PdSidecar.Access;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>Which roles a name has, by the rules of configuration.</summary>
public class CallerRulesTests
{
    [Theory]
    [InlineData("cn:a=viewer", "cn:a", "cn:a viewer")]
    [InlineData("cn:a=viewer", "cn:ab", null)]
    [InlineData("cn:a=viewer", "dns:a", null)]
    [InlineData("cn:a=viewer", "cn:A", null)]
    [InlineData("cn:a=viewer, cn:a=admin", "cn:a", "cn:a viewer")]
    [InlineData("cn:a=admin+viewer", "cn:a", "cn:a admin and viewer")]
    [InlineData("cn:a=connector:c1", "cn:a", "cn:a connector c1")]
    [InlineData("cn:a=connector:spiffe://x/c1", "cn:a", "cn:a connector spiffe://x/c1")]
    [InlineData("cn:a=b=viewer", "cn:a=b", "cn:a=b viewer")]
    [InlineData("uri:spiffe://acme/c/*=connector:*", "uri:spiffe://acme/c/b-1", "uri:spiffe://acme/c/b-1 connector b-1")]
    [InlineData("uri:spiffe://acme/c/*=connector:*", "uri:spiffe://acme/c/", null)]
    [InlineData("uri:spiffe://acme/c/*=connector:*", "uri:spiffe://acme/c/b/1", null)]
    [InlineData("uri:spiffe://acme/c/*=connector:*", "uri:spiffe://evil/spiffe://acme/c/b", null)]
    [InlineData("dns:*.OPS.example=admin", "dns:a.ops.example", "dns:a.ops.example admin")]
    [InlineData("dns:*.ops.example=admin", "dns:a.b.ops.example", null)]
    [InlineData("dns:*.ops.example=admin", "dns:.ops.example", null)]
    [InlineData("cn:*=connector:*", "cn:a.b", "cn:a.b connector a.b")]
    [InlineData("*=viewer", "alice", "alice viewer")]
    [InlineData("aa*aa=viewer", "aaa", null)]
    public void TheFirstRuleThatFits_Decides(string rules, string name, string? found)
    {
        Assert.True(CallerRules.TryRead(rules, out var read));
        Assert.Equal(found, read.Find([name]) is { } f ? $"{f.Name} {RoleNames.Said(f.Roles)}{(f.ConnectorId is null ? "" : " " + f.ConnectorId)}" : null);
    }

    [Fact]
    public void OfSeveralNames_TheRulesOrderDecides_AndNotTheNames()
    {
        Assert.True(CallerRules.TryRead("cn:b=viewer, uri:a=admin", out var rules));
        Assert.Equal("cn:b", rules.Find(["uri:a", "cn:b"])!.Value.Name);
    }

    [Theory]
    [InlineData("cn:a")]
    [InlineData("=viewer")]
    [InlineData("cn:a=")]
    [InlineData("cn:a=Viewer")]
    [InlineData("cn:a=viewer+")]
    [InlineData("cn:**=viewer")]
    [InlineData("cn:a=viewer:c1")]
    [InlineData("cn:a=connector:")]
    [InlineData("cn:a=connector:*")]
    public void WhatIsNoRule_IsNotRead(string rules) => Assert.False(CallerRules.TryRead(rules, out _));

    [Fact]
    public void UsersOnTheUnixSocket_HaveWhatTheirRuleGives_ElseWhatLoopbackHas()
    {
        Assert.True(CallerRules.TryRead("4294967290=connector:c1, 4294967291=viewer", out var rules));
        var peers = new UnixPeers(new SidecarOptions { GrpcSocketCallers = rules, LoopbackRoles = Roles.Viewer });

        var (bound, viewer, other, root) = (peers.Make(4294967290), peers.Make(4294967291), peers.Make(4294967292), peers.Make(0));

        Assert.Equal((Roles.Connector, "c1", 4294967290u), (bound.Roles, bound.ConnectorId, bound.Uid));
        Assert.Equal("c1", bound.ConnectorFor(""));
        Assert.Throws<Grpc.Core.RpcException>(() => bound.ConnectorFor("c2"));
        Assert.Equal((Roles.Viewer, null), (viewer.Roles, viewer.ConnectorId));
        Assert.Equal(Roles.Viewer, other.Roles);
        Assert.Equal(Roles.All, root.Roles);
    }
}
