using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.Telemetry;
using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Tests.Telemetry;

/// <summary>docs/telemetry.md lists what is exported, and dashboard and alerts use nothing else. PDSIDECAR_WRITE_DOCS=1 writes the table.</summary>
public sealed partial class TelemetryReferenceTests : IDisposable
{
    private static readonly string Root =
        typeof(TelemetryReferenceTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    private static readonly string Page = Path.Combine(Root, "docs", "telemetry.md");

    private readonly ConcurrentDictionary<string, Instrument> _published = new();
    private readonly MeterListener _listener = new();

    public TelemetryReferenceTests()
    {
        _listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == "Border0.PdSidecar")
            {
                _published[Exposition.NameOf(instrument)] = instrument;
            }
        };
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task EveryMetric_IsDocumented_WithItsTypeUnitLabelsAndMeaning()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var exported = await ExportedAsync(bound.Token);
        var known = Documented();
        var rows = _published.Values.Select(i => (Name: Exposition.NameOf(i), Instrument: i)).Where(i => !i.Name.StartsWith("pdsidecar_fleet_", StringComparison.Ordinal)).OrderBy(i => i.Name, StringComparer.Ordinal)
            .Select(i => $"| `{i.Name}` | {TypeOf(i.Instrument)} | {i.Instrument.Unit} | {known.GetValueOrDefault(i.Name, "")} | {i.Instrument.Description} |").ToList();
        var before = await File.ReadAllTextAsync(Page, bound.Token);
        if (Environment.GetEnvironmentVariable("PDSIDECAR_WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(Page, Table().Replace(before, _ => $"| metric | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n{string.Join('\n', rows)}\n", 1), bound.Token);
        }

        var written = (await File.ReadAllLinesAsync(Page, bound.Token)).Where(l => !l.StartsWith("| `pdsidecar_fleet_", StringComparison.Ordinal)).Where(l => l.StartsWith("| `pdsidecar_", StringComparison.Ordinal) || l.StartsWith("| `rpc_", StringComparison.Ordinal));
        Assert.True(rows.SequenceEqual(written), "docs/telemetry.md is not current: PDSIDECAR_WRITE_DOCS=1 writes it; then write by hand the labels of what is new");
        foreach (var (name, labels) in exported)
        {
            var documented = LabelsOf(known[name]).Keys.ToHashSet();
            Assert.True(labels.IsSubsetOf(documented), $"{name} has labels {string.Join(", ", labels)}, and docs/telemetry.md says {known[name]}");
        }

        Assert.True(exported.Count > 25, string.Join(", ", exported.Keys));
    }

    /// <summary>Those of a fleet are only there in one: their names are read from the sources.</summary>
    [Fact]
    public void EveryInstrumentOfTheSources_IsDocumented()
    {
        var known = Documented();
        var names = Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(f => Created().Matches(File.ReadAllText(f))).Select(m => m.Groups["name"].Value.Replace('.', '_')).ToList();
        Assert.True(names.Count > 30);
        Assert.All(names, n => Assert.True(known.Keys.Any(k => k == n || Suffix().Replace(k, "") == n), $"{n} is not in docs/telemetry.md"));
    }

    [Fact]
    public void ValuesOfLabels_AreTheCodes()
    {
        var known = Documented();
        Assert.Equal(Enum.GetNames<RefreshKind>(), LabelsOf(known["pdsidecar_facts_age_seconds"])["kind"]);
        Assert.Equal(Enum.GetNames<IntegrationState>().Skip(1), LabelsOf(known["pdsidecar_integration_state"])["state"]);
        Assert.Equal(Enum.GetNames<PagerDutyOutcome>().Order(), LabelsOf(known["pdsidecar_pagerduty_requests_total"])["outcome"].Order());
        Assert.Equal(Enum.GetNames<WebhookOutcome>(), LabelsOf(known["pdsidecar_webhooks_total"])["outcome"].Except(["TooSlow", "Busy"]));
    }

    [Theory]
    [InlineData("deploy/grafana/pdsidecar.json")]
    [InlineData("deploy/prometheus/pdsidecar.rules.yml")]
    public void DashboardAndAlerts_UseWhatIsExported(string file)
    {
        var known = Documented();
        var queries = file.EndsWith(".json", StringComparison.Ordinal) ? Queries(JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, file))).RootElement).ToList() : [File.ReadAllText(Path.Combine(Root, file))];
        var used = queries.SelectMany(q => Selector().Matches(q)).ToList();
        Assert.True(used.Count > 15);
        foreach (var selector in used)
        {
            var name = Series().Replace(selector.Groups["name"].Value, "");
            if (name.StartsWith("dotnet_", StringComparison.Ordinal))
            {
                continue;
            }

            Assert.True(known.TryGetValue(name, out var labels), $"{file} uses {name}, which is not exported");
            foreach (Match matcher in Matcher().Matches(selector.Groups["labels"].Value))
            {
                var (label, value) = (matcher.Groups["label"].Value, matcher.Groups["value"].Value);
                if (label == "instance")
                {
                    continue;
                }

                Assert.True(LabelsOf(labels).TryGetValue(label, out var values), $"{file}: {name} has no label {label}");
                if (values!.Length > 1 && !value.StartsWith('$'))
                {
                    Assert.All(value.Split('|'), v => Assert.True(values.Any(known => Regex.IsMatch(known, $"^(?:{v})$")), $"{file}: {label} of {name} is never {v}"));
                }
            }
        }
    }

    [Fact]
    public void EveryAlert_SaysWhatToDo()
    {
        var alerts = Alert().Matches(File.ReadAllText(Path.Combine(Root, "deploy/prometheus/pdsidecar.rules.yml"))).Select(m => (m.Groups["name"].Value, m.Groups["severity"].Value)).ToList();
        var documented = AlertRow().Matches(File.ReadAllText(Page)).Select(m => (m.Groups["name"].Value, m.Groups["severity"].Value)).ToList();
        Assert.Equal(alerts, documented);
        Assert.True(alerts.Count > 15);
    }

    /// <summary>The names of /metrics with the labels that each has, of a sidecar that has done a little of everything.</summary>
    private static async Task<Dictionary<string, HashSet<string>>> ExportedAsync(CancellationToken cancellation)
    {
        var demo = new DemoAccount(TimeProvider.System);
        await using var simulator = await SimulatorServer.StartAsync(demo.Account, cancellation: cancellation);
        using var authority = new TestAuthority("metrics");
        var folder = Directory.CreateTempSubdirectory("pdsidecar-metrics-");
        var (certificate, key, clients) = (Path.Combine(folder.FullName, "tls.crt"), Path.Combine(folder.FullName, "tls.key"), Path.Combine(folder.FullName, "ca.crt"));
        TestAuthority.Write(authority.Certify("CN=localhost", ["dns:localhost"], forServers: true), certificate, key);
        await File.WriteAllTextAsync(clients, authority.Pem, cancellation);
        await using var host = await RunningHost.StartAsync(
            cancellation, simulator.BaseAddress, o => o with { GrpcTlsCert = certificate, GrpcTlsKey = key, GrpcClientCa = clients, Otlp = o.Otlp with { Endpoint = new Uri("http://127.0.0.1:1") } });
        folder.Delete(recursive: true);
        var options = new CallOptions(cancellationToken: cancellation);
        await new IntegrationService.IntegrationServiceClient(host.Channel).CreateIntegrationAsync(
            new CreateIntegrationRequest { Integration = new Integration { Name = "acme", ApiKey = DemoAccount.ReadOnlyKey } }, options);
        await new PolicyService.PolicyServiceClient(host.Channel).CreatePolicyAsync(
            new CreatePolicyRequest
            {
                Policy = new Policy
                {
                    Name = "p",
                    OrgWide = true,
                    Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
                    Integrations = { new IntegrationCondition { IntegrationName = "acme", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = demo.Payments.Id, RequireBeOncall = true } } },
                },
            }, options);
        await new EvaluationService.EvaluationServiceClient(host.Channel).EvaluateAsync(new EvaluateRequest { SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" }, options);
        using var http = new HttpClient { BaseAddress = new Uri("http://" + host.Host.Endpoints.Http) };
        using var webhook = await http.PostAsync("/webhooks/pagerduty/v3/acme", new StringContent("{}"), cancellation);
        using var unknown = await http.PostAsync("/webhooks/pagerduty/v3/nobody", new StringContent("{}"), cancellation);
        Dictionary<string, HashSet<string>> found = [];
        foreach (Match line in Sample().Matches(await http.GetStringAsync("/metrics", cancellation)))
        {
            var name = Series().Replace(line.Groups["name"].Value, "");
            var labels = Matcher().Matches(line.Groups["labels"].Value).Select(m => m.Groups["label"].Value).Where(l => l != "le");
            _ = found.TryAdd(name, []);
            found[name].UnionWith(labels);
        }

        return found;
    }

    private static Dictionary<string, string> Documented() =>
        Row().Matches(File.ReadAllText(Page)).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["labels"].Value.Trim());

    /// <summary>"integration, kind (Incidents, OnCall)": the labels and, where they are listed, their values.</summary>
    private static Dictionary<string, string[]> LabelsOf(string text) =>
        Label().Matches(text).ToDictionary(m => m.Groups["label"].Value, m => m.Groups["values"].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries));

    private static string TypeOf(Instrument instrument) => Exposition.IsHistogram(instrument) ? "histogram" : Exposition.IsCounter(instrument) ? "counter" : "gauge";

    private static IEnumerable<string> Queries(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(p => p.Name is "expr" or "definition" && p.Value.ValueKind == JsonValueKind.String ? [p.Value.GetString()!] : Queries(p.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Queries),
        _ => [],
    };

    [GeneratedRegex(@"\| metric \| type \| unit \| labels \| meaning \|\n\| ---.*\n(?:\| `.*\n)+")]
    private static partial Regex Table();

    [GeneratedRegex(@"^\| `(?<name>(?:pdsidecar|rpc)_[a-z0-9_]+)` \| [a-z]+ \| [^|]* \| (?<labels>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"(?<label>[a-z_]+)(?: \((?<values>[^)]*)\))?(?:, |$)")]
    private static partial Regex Label();

    [GeneratedRegex(@"^(?<name>(?:pdsidecar|rpc)_[a-z0-9_]+)(?:\{(?<labels>.*)\})? \S+$", RegexOptions.Multiline)]
    private static partial Regex Sample();

    [GeneratedRegex(@"\b(?<name>(?:pdsidecar|rpc_server|dotnet)_[a-z0-9_]+)(?:\{(?<labels>[^}]*)\})?")]
    private static partial Regex Selector();

    [GeneratedRegex(@"(?<label>[a-z_]+)(?:=~|!~|!=|=)""(?<value>[^""]*)""")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"(?:Create\w+(?:<\w+>)?|Gauge|Striped\w+)\(\s*(?:_?meter, )?""(?<name>(?:pdsidecar|rpc)\.[a-z_.]+)""")]
    private static partial Regex Created();

    [GeneratedRegex("(?:_seconds|_bytes)?(?:_total)?$")]
    private static partial Regex Suffix();

    [GeneratedRegex("_(?:bucket|count|sum)$")]
    private static partial Regex Series();

    [GeneratedRegex(@"- alert: (?<name>\w+)(?:.*\n)+?.*severity: (?<severity>\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"^\| (?<name>PdSidecar\w+) \| (?<severity>\w+) \| .{20,} \|$", RegexOptions.Multiline)]
    private static partial Regex AlertRow();
}
