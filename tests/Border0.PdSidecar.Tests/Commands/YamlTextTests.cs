using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Commands.Files;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>YAML 1.2's core schema, and nothing that surprises.</summary>
public class YamlTextTests
{
    [Theory]
    [InlineData("a: no\nb: 22:00\nc: 007\nd: 1.5\ne: -3\nf: ~\ng:\nh: true\ni: 'true'\nj: 0x1F", """{"a":"no","b":"22:00","c":"007","d":1.5,"e":-3,"f":null,"g":null,"h":true,"i":"true","j":"0x1F"}""")]
    [InlineData("- &x {a: 1}\n- *x", """[{"a":1},{"a":1}]""")]
    [InlineData("text: |\n  one\n  two\n", """{"text":"one\ntwo\n"}""")]
    [InlineData("day: 2021-12-31T00:00Z", """{"day":"2021-12-31T00:00Z"}""")]
    public void Document_IsTheSameJson(string yaml, string json) => Assert.Equal(json, Assert.Single(YamlText.ToJson(yaml, "f.yaml")));

    [Fact]
    public void Documents_AreSeveral() => Assert.Equal(["1", "2"], YamlText.ToJson("1\n---\n2\n", "f.yaml"));

    [Fact]
    public void Aliases_ThatMultiply_AreRefused()
    {
        var yaml = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 9).Select(i => $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 9))}]\n"));
        Assert.Contains("has too much in it", Assert.Throws<CommandException>(() => YamlText.ToJson(yaml, "f.yaml")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("? [a]\n: b")]
    [InlineData("a: !!python/object x")]
    [InlineData("a: b: c")]
    [InlineData("a: *nobody")]
    [InlineData("a: &x [*x]")]
    public void WhatJsonHasNoWordFor_IsRefused(string yaml) => Assert.StartsWith("f.yaml:", Assert.Throws<CommandException>(() => YamlText.ToJson(yaml, "f.yaml")).Message, StringComparison.Ordinal);
}
