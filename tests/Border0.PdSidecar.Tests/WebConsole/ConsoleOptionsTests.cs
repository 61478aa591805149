using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Tests.WebConsole;

/// <summary>Where the console is served, and under which names, as configuration says it.</summary>
public class ConsoleOptionsTests
{
    [Theory]
    [InlineData("loopback", ConsoleMode.Loopback)]
    [InlineData("on", ConsoleMode.On)]
    [InlineData("true", ConsoleMode.On)]
    [InlineData("off", ConsoleMode.Off)]
    [InlineData("false", ConsoleMode.Off)]
    public void Console_IsRead(string text, ConsoleMode mode) => Assert.Equal(mode, Read(new() { ["console"] = text }).Options.Console);

    [Fact]
    public void WithoutAnything_ItIsServedOnLoopback_UnderAddressesOnly()
    {
        var (options, problems) = Read([]);

        Assert.Empty(problems);
        Assert.Equal(ConsoleMode.Loopback, options.Console);
        Assert.Empty(options.ConsoleHosts);
    }

    [Fact]
    public void Hosts_AreReadInSmallLetters() =>
        Assert.Equal(["console.example.com", "pd"], Read(new() { ["console_hosts"] = "Console.Example.com, pd" }).Options.ConsoleHosts);

    [Theory]
    [InlineData("console", "")]
    [InlineData("console", "yes")]
    [InlineData("console_hosts", "https://console.example.com")]
    [InlineData("console_hosts", "console.example.com:443")]
    [InlineData("console_hosts", "*")]
    [InlineData("console_hosts", "10.0.0.1")]
    public void WhatIsNone_IsSaid(string key, string value) =>
        Assert.StartsWith(key + ":", Assert.Single(Read(new() { [key] = value }).Problems), StringComparison.Ordinal);

    private static (SidecarOptions Options, List<string> Problems) Read(Dictionary<string, string> given)
    {
        var problems = new List<string>();
        return (OptionsReader.Read(null, _ => null, given, problems), problems);
    }
}
