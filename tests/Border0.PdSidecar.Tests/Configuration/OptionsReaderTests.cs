using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.DecisionLog;

namespace Border0.PdSidecar.Tests.Configuration;

public class OptionsReaderTests
{
    [Fact]
    public void Arguments_WinOverTheEnvironment_AndThatOverTheFile()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """{ "max_staleness": "10s", "session_lease": "2h", "rate_share": 0.25, "require_watcher": true }""");
        var problems = new List<string>();

        var options = OptionsReader.Read(
            file,
            name => name switch { "PDSIDECAR_MAX_STALENESS" => "20s", "PDSIDECAR_SESSION_LEASE" => "3h", _ => null },
            new Dictionary<string, string> { ["max_staleness"] = "30s" },
            problems);

        File.Delete(file);
        Assert.Empty(problems);
        Assert.Equal(
            (TimeSpan.FromSeconds(30), TimeSpan.FromHours(3), 0.25, true), (options.MaxStaleness, options.SessionLease, options.RateShare, options.RequireWatcher));
    }

    [Fact]
    public void EverythingThatIsWrong_IsSaidAtOnce_ByKeyAndValue()
    {
        var problems = new List<string>();
        OptionsReader.Read(
            null,
            _ => null,
            new Dictionary<string, string> { ["grpc_tcp"] = "nowhere", ["max_staleness"] = "soon", ["http"] = "0.0.0.0:80", ["log_format"] = "xml" },
            problems);

        foreach (var (key, value) in (ReadOnlySpan<(string, string)>)[("grpc_tcp", "nowhere"), ("max_staleness", "soon"), ("http", "0.0.0.0:80"), ("log_format", "xml")])
        {
            Assert.Contains(problems, p => p.StartsWith(key, StringComparison.Ordinal) && p.Contains(value, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void DecisionLog_IsReadFromItsKeys()
    {
        var problems = new List<string>();
        var options = OptionsReader.Read(
            null,
            _ => null,
            new Dictionary<string, string>
            {
                ["decision_log"] = "stdout, file",
                ["decision_log_file"] = Path.Combine(Path.GetTempPath(), "d.jsonl"),
                ["decision_log_size"] = "2GiB",
                ["decision_log_files"] = "9",
                ["decision_log_when_full"] = "drop-and-count",
                ["decision_log_filter"] = "denies",
            },
            problems);

        Assert.Empty(problems);
        Assert.Equal(
            (DecisionLogTargets.File | DecisionLogTargets.Stdout, 2L << 30, 9, DecisionLogWhenFull.DropAndCount, DecisionLogFilter.Denies),
            (options.DecisionLog, options.DecisionLogSize, options.DecisionLogFiles, options.DecisionLogWhenFull, options.DecisionLogFilter));
        var defaults = new SidecarOptions();
        Assert.Equal(
            (DecisionLogTargets.File, 64L << 20, 4, DecisionLogWhenFull.Block, DecisionLogFilter.All),
            (defaults.DecisionLog, defaults.DecisionLogSize, defaults.DecisionLogFiles, defaults.DecisionLogWhenFull, defaults.DecisionLogFilter));
    }

    [Theory]
    [InlineData("decision_log", "file,off")]
    [InlineData("decision_log", "")]
    [InlineData("decision_log_file", "/nowhere/at/all/d.jsonl")]
    [InlineData("decision_log_size", "1MB")]
    [InlineData("decision_log_size", "1023KiB")]
    [InlineData("decision_log_size", "99999999999TiB")]
    [InlineData("decision_log_files", "0")]
    [InlineData("decision_log_when_full", "drop")]
    [InlineData("decision_log_filter", "none")]
    public void DecisionLog_Wrong_IsSaid(string key, string value)
    {
        var problems = new List<string>();
        OptionsReader.Read(null, _ => null, new Dictionary<string, string> { [key] = value }, problems);

        Assert.StartsWith(key + ":", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownKeyInTheFile_IsAnError()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, """{ "max_stalenes": "10s" }""");
        var problems = new List<string>();
        OptionsReader.Read(file, _ => null, new Dictionary<string, string>(), problems);

        File.Delete(file);
        Assert.StartsWith("max_stalenes:", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("60s", 60)]
    [InlineData("15m", 900)]
    [InlineData("24h", 86400)]
    [InlineData("7d", 604800)]
    [InlineData("0", 0)]
    [InlineData("00:01:30", 90)]
    public void Span_IsRead(string text, double seconds)
    {
        Assert.True(OptionKeys.TryReadSpan(text, out var span));
        Assert.Equal(seconds, span.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("5 s")]
    [InlineData("1y")]
    public void AnythingElse_IsNoSpan(string text) => Assert.False(OptionKeys.TryReadSpan(text, out _));
}
