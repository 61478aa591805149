using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Policies;

public class FieldMasksTests
{
    private static readonly HashSet<string> Writable = ["description", "org_wide", "socket_ids", "actions", "condition"];

    [Fact]
    public void WithoutMask_WhatIsSetIsPut()
    {
        var target = Apply(new Policy { Description = "new", SocketIds = { "s2" } }, null, out var found);

        Assert.True(found.None);
        Assert.Equal(("new", true, "s2"), (target.Description, target.OrgWide, Assert.Single(target.SocketIds)));
        Assert.Equal(["*"], target.Actions["ssh"].Values);
    }

    [Fact]
    public void Star_ResetsWhatIsNotSet()
    {
        var target = Apply(new Policy { Description = "new" }, ["*"], out _);

        Assert.Equal("new", target.Description);
        Assert.False(target.OrgWide);
        Assert.Empty(target.SocketIds);
        Assert.Empty(target.Actions);
    }

    [Fact]
    public void NamedField_IsPutEvenWhenEmpty()
    {
        var target = Apply(new Policy(), ["socket_ids", "org_wide"], out _);

        Assert.Empty(target.SocketIds);
        Assert.False(target.OrgWide);
        Assert.Equal("old", target.Description);
    }

    [Fact]
    public void NestedPath_LeavesItsNeighboursAlone()
    {
        var incoming = new Policy { Condition = new Condition { Who = new WhoCondition { Email = { "new@b.c" } } } };
        var target = Apply(incoming, ["condition.who.email"], out var found);

        Assert.True(found.None);
        Assert.Equal(["new@b.c"], target.Condition.Who.Email);
        Assert.Equal(["g"], target.Condition.Who.Group);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("etag")]
    [InlineData("no_such_field")]
    [InlineData("condition.no_such_field")]
    [InlineData("socket_ids.0")]
    [InlineData("actions.ssh")]
    [InlineData("")]
    [InlineData("*.description")]
    public void PathThatCannotBeWritten_IsRefusedByItsPlace(string path)
    {
        Apply(new Policy { Description = "x" }, ["description", path], out var found);

        Assert.Equal("update_mask.paths[1]", Assert.Single(found.Found).Field);
    }

    private static Policy Apply(Policy incoming, IEnumerable<string>? paths, out FieldViolations found)
    {
        var target = new Policy
        {
            Name = "p",
            Description = "old",
            OrgWide = true,
            SocketIds = { "s1" },
            Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
            Condition = new Condition { Who = new WhoCondition { Email = { "old@b.c" }, Group = { "g" } } },
        };
        FieldMask? mask = null;
        if (paths is not null)
        {
            mask = new FieldMask();
            mask.Paths.Add(paths);
        }

        found = new FieldViolations();
        FieldMasks.Apply(incoming, target, mask, Writable, found);
        return target;
    }
}
