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

    [Theory]
    [InlineData("max_staleness", "99999999d")]
    [InlineData("decision_log_file", "/tmp/a\0b")]
    [InlineData("data", "\0")]
    [InlineData("grpc_socket", "/tmp/\0")]
    public void WhatTheSystemsCallsWouldThrowAt_IsAProblemLikeAnyOther(string key, string value)
    {
        var problems = new List<string>();
        OptionsReader.Read(null, _ => null, new Dictionary<string, string> { [key] = value }, problems);

        Assert.StartsWith(key + ":", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatIsNoText_IsAProblem()
    {
        var file = Path.GetTempFileName();
        File.WriteAllBytes(file, [(byte)'{', (byte)'"', 0xeb, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        var problems = new List<string>();

        OptionsReader.Read(file, _ => null, new Dictionary<string, string>(), problems);

        File.Delete(file);
        Assert.Contains(file, Assert.Single(problems), StringComparison.Ordinal);
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

    [Theory]
    [InlineData("grpc_tcp", "grpc_tls_cert and grpc_tls_key")]
    [InlineData("http", "http_tls_cert and http_tls_key")]
    public void AListenerBeyondLoopback_WithoutTls_IsRefused_ByTheNamesOfWhatItNeeds(string key, string needs)
    {
        foreach (var address in (string[])["0.0.0.0:443", "[::]:443", "192.0.2.1:443"])
        {
            var problem = Assert.Single(ProblemsOf((key, address)));
            Assert.StartsWith($"{key}: {address} is not on loopback", problem, StringComparison.Ordinal);
            Assert.Contains(needs, problem, StringComparison.Ordinal);
        }

        Assert.Empty(ProblemsOf((key, "127.0.0.1:443")));
        Assert.Empty(ProblemsOf((key, "[::1]:443")));
        var file = Path.GetTempFileName();
        Assert.Empty(ProblemsOf((key, "0.0.0.0:443"), ("tls_certificate", file), ("tls_key", file)));
        Assert.Empty(ProblemsOf((key, "0.0.0.0:443"), ($"{(key == "http" ? key : "grpc")}_tls_cert", file), ($"{(key == "http" ? key : "grpc")}_tls_key", file)));
        Assert.Single(ProblemsOf((key, "0.0.0.0:443"), ($"{(key == "http" ? "grpc" : "http")}_tls_cert", file), ($"{(key == "http" ? "grpc" : "http")}_tls_key", file)));
        File.Delete(file);
    }

    [Theory]
    [InlineData("grpc_tls_key: is needed with grpc_tls_cert", "grpc_tls_cert=FILE")]
    [InlineData("http_tls_cert: is needed with http_tls_key", "http_tls_key=FILE")]
    [InlineData("tls_key: is needed with tls_certificate", "tls_certificate=FILE")]
    [InlineData("grpc_tls_key: there is no file /nowhere/key", "grpc_tls_cert=FILE", "grpc_tls_key=/nowhere/key")]
    [InlineData("grpc_client_ca: there is no file /nowhere/ca", "grpc_tls_cert=FILE", "grpc_tls_key=FILE", "grpc_client_ca=/nowhere/ca", "grpc_client_callers=cn:a=viewer")]
    [InlineData("grpc_client_ca: client certificates need TLS", "grpc_client_ca=FILE", "grpc_client_callers=cn:a=viewer")]
    [InlineData("grpc_client_callers and grpc_client_ca: each needs the other", "grpc_tls_cert=FILE", "grpc_tls_key=FILE", "grpc_client_ca=FILE")]
    [InlineData("grpc_client_callers and grpc_client_ca: each needs the other", "grpc_client_callers=cn:a=viewer")]
    [InlineData("grpc_client_callers: \"a=viewer\"", "grpc_client_callers=a=viewer")]
    [InlineData("grpc_client_callers: \"cn:=viewer\"", "grpc_client_callers=cn:=viewer")]
    [InlineData("grpc_client_callers: \"cn:a=root\"", "grpc_client_callers=cn:a=root")]
    [InlineData("grpc_client_callers: \"cn:a=viewer:c1\"", "grpc_client_callers=cn:a=viewer:c1")]
    [InlineData("grpc_client_callers: \"cn:a=connector:*\"", "grpc_client_callers=cn:a=connector:*")]
    public void Tls_Wrong_IsSaid(string problem, params string[] given)
    {
        var file = Path.GetTempFileName();

        var problems = ProblemsOf([.. given.Select(g => g.Split('=', 2)).Select(g => (g[0], g[1].Replace("FILE", file, StringComparison.Ordinal)))]);

        File.Delete(file);
        Assert.StartsWith(problem, Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void APasswordInAnAddress_IsNotRepeated()
    {
        var problems = new List<string>();
        OptionsReader.Read(null, _ => null, new Dictionary<string, string> { ["pagerduty_base_url"] = "https://user:pass@word@pagerduty.test" }, problems);
        Assert.StartsWith("pagerduty_base_url: \"https://…@pagerduty.test\" (argument --pagerduty-base-url)", Assert.Single(problems), StringComparison.Ordinal);
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

    private static List<string> ProblemsOf(params (string Key, string Value)[] given)
    {
        var problems = new List<string>();
        OptionsReader.Read(null, _ => null, given.ToDictionary(g => g.Key, g => g.Value), problems);
        return problems;
    }
}
