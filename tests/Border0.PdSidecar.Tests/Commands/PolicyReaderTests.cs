using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Commands.Policies;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>Policies as people keep them in files.</summary>
public class PolicyReaderTests
{
    [Theory]
    [InlineData("""{ "name": "a", "org_wide": true }""")]
    [InlineData("""{ "name": "a", "orgWide": true }""")]
    [InlineData("{ /* why */ \"name\": \"a\", // and so on\n \"org_wide\": true, }")]
    [InlineData("""[ { "name": "a", "org_wide": true } ]""")]
    [InlineData("""{ "policies": [ { "name": "a", "org_wide": true } ] }""")]
    public void Forms_OfOnePolicy(string text)
    {
        var read = Assert.Single(PolicyReader.Read(text, "f.json"));
        Assert.Equal(("a", true), (read.Policy.Name, read.Policy.OrgWide));
        Assert.Null(read.Document);
    }

    [Fact]
    public void Document_StandsInsideAPolicyOrAlone()
    {
        var inside = Assert.Single(PolicyReader.Read("""{ "name": "a", "policy_data": { "version": "v1", "action": ["ssh"], } }""", "f.json"));
        Assert.Equal("a", inside.Policy.Name);
        Assert.Equal("v1", inside.Document!.Fields["version"].StringValue);

        var alone = Assert.Single(PolicyReader.Read("""{ "version": "v2", "permissions": { "ssh": {} } }""", "f.json"));
        Assert.Equal("", alone.Policy.Name);
        Assert.Equal("v2", alone.Document!.Fields["version"].StringValue);
    }

    [Fact]
    public void List_TellsWhereEachStands()
    {
        var read = PolicyReader.Read("""[ { "name": "a" }, { "name": "b" } ]""", "f.json");
        Assert.Equal([("a", "f.json[0]"), ("b", "f.json[1]")], read.Select(r => (r.Policy.Name, r.Source)));
        Assert.Empty(PolicyReader.Read("[]", "f.json"));
    }

    [Theory]
    [InlineData("{ \"name\": \"a\",\n  \"org_wide\": tru }", "f.json:2:")]
    [InlineData("", "f.json:1:1: is not JSON")]
    [InlineData("""{ "name": "a", "org_wid": true }""", "org_wid")]
    [InlineData("""{ "name": "a", "name": "b" }""", "name")]
    [InlineData("""{ "name": 7 }""", "f.json: ")]
    [InlineData("\"text\"", "must hold a policy")]
    [InlineData("""[ { "name": "a" }, 7 ]""", "f.json[1]: must hold a policy")]
    [InlineData("""{ "name": "a", "policy_data": 7 }""", "f.json: policy_data: ")]
    public void WhatIsNoPolicy_IsRefusedWithItsPlace(string text, string said)
    {
        var refused = Assert.Throws<CommandException>(() => PolicyReader.Read(text, "f.json"));
        Assert.Equal(ExitCodes.Wrong, refused.ExitCode);
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }
}
