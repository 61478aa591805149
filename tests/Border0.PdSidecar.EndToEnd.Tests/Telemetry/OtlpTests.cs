using System.Globalization;
using Border0.PdSidecar.EndToEnd.Tests.Telemetry.Otlp;
using Border0.PdSidecar.Simulator;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Border0.PdSidecar.EndToEnd.Tests.Telemetry;

/// <summary>A sidecar that is told of a collector, and what comes there.</summary>
public class OtlpTests
{
    private const string Token = "Bearer s3cret-of-the-collector";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Collector_GetsTracesAndMetrics_AndNoSecret(bool isGrpc)
    {
        using var folder = new TemporaryFolder();
        await using var collector = await Collector.StartAsync(isGrpc);
        collector.RefuseFirst(1);
        var headers = folder.Path("headers");
        await File.WriteAllTextAsync(headers, $"# of the collector\nauthorization: {Token}\n");
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(
            folder, pagerDuty.BaseAddress, null, "--otlp-endpoint", collector.Endpoint, "--otlp-protocol", isGrpc ? "grpc" : "http", "--otlp-headers-file", headers,
            "--otlp-metrics-interval", "1s", "--otlp-traces-delay", "200ms", "--trace-sampling", "1", "--otlp-service-name", "gate", "--otlp-service-instance", "gate-7");
        await pagerDuty.ConnectAsync(sidecar);
        await sidecar.Policies.CreatePolicyAsync(new CreatePolicyRequest
        {
            Policy = new Policy
            {
                Name = "p",
                OrgWide = true,
                Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
                Integrations = { new IntegrationCondition { IntegrationName = SimulatedPagerDuty.IntegrationName, PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = pagerDuty.ServiceId, RequireIncident = true } } },
            },
        });
        var request = new EvaluateRequest { SocketId = "db", SocketType = "ssh", UserEmail = "alice@example.com" };
        await sidecar.Evaluation.EvaluateAsync(request, new Metadata { { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }, { "tracestate", "acme=1" } });
        await sidecar.Evaluation.EvaluateAsync(request, new Metadata { { "traceparent", "00-11111111111111111111111111111111-b7ad6b7169203331-00" } });
        await sidecar.Evaluation.EvaluateAsync(request, new Metadata { { "traceparent", "no traceparent" } });
        await Assert.ThrowsAsync<RpcException>(async () => await sidecar.Evaluation.EvaluateAsync(new EvaluateRequest()));

        var evaluates = await Eventually.SeesAsync(
            () => collector.Spans.Where(s => s.Name.EndsWith("/Evaluate", StringComparison.Ordinal)).ToList() is { Count: 3 } spans ? spans : null, "three spans of Evaluate", Patience);
        var continued = evaluates.Single(s => Hex(s.TraceId) == "0af7651916cd43dd8448eb211c80319c");
        Assert.Equal(("b7ad6b7169203331", "acme=1", 2), (Hex(continued.ParentSpanId), continued.TraceState, continued.Kind));
        Assert.True(continued.EndTimeUnixNano > continued.StartTimeUnixNano);
        Assert.Equal(
            [
                ("network.transport", "tcp"), ("pdsidecar.outcome", "deny"), ("pdsidecar.reason", "NoIncident"), ("rpc.method", "border0.pdsidecar.v1.EvaluationService/Evaluate"),
                ("rpc.response.status_code", "OK"), ("rpc.system.name", "grpc"), ("server.address", "127.0.0.1"), ("server.port", sidecar.GrpcTcp.Split(':')[1]),
            ],
            Attributes(continued.Attributes));
        Assert.Contains(evaluates, s => Attributes(s.Attributes).Contains(("rpc.response.status_code", "INVALID_ARGUMENT")) && s.Status is null);

        // Begun here: the decision log names the same trace.
        var own = evaluates.Single(s => s.ParentSpanId.IsEmpty && Attributes(s.Attributes).Contains(("pdsidecar.outcome", "deny")));
        var log = Path.Combine(sidecar.DataDirectory, "decisions.jsonl");
        await Eventually.SeesAsync(() => File.ReadAllText(log).Contains($"\"trace_id\":\"{Hex(own.TraceId)}\"", StringComparison.Ordinal) ? log : null, "the trace in the decision log", Patience);

        // A loop's refresh is a trace of its own, whatever call has begun the loop.
        var asked = await Eventually.SeesAsync(
            () => collector.Spans.FirstOrDefault(s => s.Name == "GET /incidents" && Attributes(s.Attributes).Contains(("http.response.status_code", "200"))
                && collector.Spans.Any(r => r.Name == "refresh Incidents" && r.SpanId == s.ParentSpanId && r.ParentSpanId.IsEmpty)),
            "a request to PagerDuty", Patience);
        Assert.Equal((3, pagerDuty.BaseAddress + "incidents"), (asked.Kind, Attributes(asked.Attributes).Single(a => a.Key == "url.full").Value));

        var metrics = await Eventually.SeesAsync(() => Latest(collector) is { } all && Sum(all, "pdsidecar.decisions", ("outcome", "deny")) == 3 ? all : null, "the decisions", Patience);
        await HoldAgainstThePageAsync(sidecar, metrics);
        foreach (var resource in collector.Traces.Select(t => t.ResourceSpans.Single().Resource).Concat(collector.Metrics.Select(m => m.ResourceMetrics.Single().Resource)))
        {
            Assert.Contains(("service.name", "gate"), Attributes(resource.Attributes));
            Assert.Contains(("service.instance.id", "gate-7"), Attributes(resource.Attributes));
        }

        Assert.All(collector.Authorizations, a => Assert.Equal(Token, a));
        sidecar.Run.Terminate();
        Assert.Equal(0, await sidecar.Run.ExitAsync(Patience));
        Assert.Contains(collector.Spans, s => s.Name == "border0.pdsidecar.v1.IntegrationService/CreateIntegration" && Attributes(s.Attributes).Contains(("network.transport", "unix")));
        var everything = string.Join('\n', collector.Traces.Select(t => JsonFormatter.Default.Format(t)).Concat(collector.Metrics.Select(m => JsonFormatter.Default.Format(m))).Append(sidecar.Run.Output).Append(sidecar.Run.Errors));
        Assert.DoesNotContain(DemoAccount.ReadOnlyKey, everything, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", everything, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret of the webhook", everything, StringComparison.Ordinal);
        Assert.DoesNotContain("alice@example.com", everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CollectorThatIsAway_HoldsNothingUp_AndIsSaidOnce()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(
            folder, null, null, "--otlp-endpoint", "http://127.0.0.1:1", "--otlp-metrics-interval", "1s", "--otlp-traces-delay", "100ms", "--trace-sampling", "1");
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(Decision.Deny, (await sidecar.Evaluation.EvaluateAsync(new EvaluateRequest { SocketId = "db", SocketType = "ssh", UserEmail = "alice@example.com" })).Decision);
        }

        await Eventually.SeesAsync(() => sidecar.Run.Output.Contains("does not take what is sent: ConnectionError", StringComparison.Ordinal) ? "" : null, "the warning", Patience);
        using var http = new HttpClient();
        await Eventually.SeesAsync(
            async () => (await http.GetStringAsync(new Uri(sidecar.Http, "/metrics"))).Split('\n').FirstOrDefault(l => l.StartsWith("pdsidecar_otlp_lost_total{signal=\"metrics\"}", StringComparison.Ordinal)) is { } line
                && line.Split(' ')[1] != "0" ? line : null,
            "what is lost", Patience);
        Assert.Single(sidecar.Run.Output.Split('\n'), l => l.Contains("does not take", StringComparison.Ordinal));
        sidecar.Run.Terminate();
        Assert.Equal(0, await sidecar.Run.ExitAsync(Patience));
    }

    [Fact]
    public async Task Secrets_GoOnlyWhereNobodyElseReads()
    {
        using var folder = new TemporaryFolder();
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, ["serve", "--data", folder.Path("data"), "--otlp-endpoint", "http://collector.example:4317", "--otlp-headers-file", folder.Path("headers")]);
        Assert.Equal(2, await run.ExitAsync(Patience));
        Assert.Contains("otlp_headers_file: its headers may be secrets", run.Errors, StringComparison.Ordinal);
    }

    /// <summary>Everything that the page has, the collector has: by the same name, kind, unit and tags.</summary>
    private static async Task HoldAgainstThePageAsync(Sidecar sidecar, IReadOnlyList<Metric> metrics)
    {
        using var http = new HttpClient();
        var page = (await http.GetStringAsync(new Uri(sidecar.Http, "/metrics"))).Split('\n');
        var byName = metrics.ToDictionary(NameOf);
        foreach (var line in page.Where(l => l.StartsWith("# TYPE pdsidecar_", StringComparison.Ordinal) || l.StartsWith("# TYPE rpc_", StringComparison.Ordinal)))
        {
            var (name, kind) = (line.Split(' ')[2], line.Split(' ')[3]);
            Assert.True(byName.TryGetValue(name, out var metric), $"{name} does not come to the collector");
            Assert.Equal(kind, metric!.DataCase switch { Metric.DataOneofCase.Gauge => "gauge", Metric.DataOneofCase.Sum => "counter", _ => "histogram" });
            Assert.NotEqual("", metric.Description);
        }

        var decisions = metrics.Single(m => m.Name == "pdsidecar.decisions").Sum;
        Assert.Equal((2, true), (decisions.AggregationTemporality, decisions.IsMonotonic));
        Assert.All(decisions.DataPoints, p => Assert.True(p.TimeUnixNano > p.StartTimeUnixNano && p.StartTimeUnixNano > 0));
        var durations = metrics.Single(m => m.Name == "pdsidecar.evaluate.duration").Histogram;
        Assert.Equal(2, durations.AggregationTemporality);
        var denied = durations.DataPoints.Single(p => Attributes(p.Attributes).Contains(("outcome", "deny")));
        Assert.Equal((3UL, denied.ExplicitBounds.Count + 1, 3L), (denied.Count, denied.BucketCounts.Count, denied.BucketCounts.Sum(c => (long)c)));
        Assert.True(denied.Sum > 0);
    }

    private static string NameOf(Metric metric)
    {
        var unit = metric.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        var name = metric.Name.Replace('.', '_');
        name = name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit;
        return metric.DataCase == Metric.DataOneofCase.Sum && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static List<Metric>? Latest(Collector collector) =>
        collector.Metrics.LastOrDefault()?.ResourceMetrics.Single().ScopeMetrics.Single().Metrics.ToList();

    private static double Sum(IEnumerable<Metric> metrics, string name, (string, string) tag) =>
        metrics.Where(m => m.Name == name).SelectMany(m => m.Sum.DataPoints).Where(p => Attributes(p.Attributes).Contains(tag)).Sum(p => p.AsDouble);

    private static List<(string Key, string Value)> Attributes(IEnumerable<KeyValue> attributes) =>
        [.. attributes.Select(a => (a.Key, a.Value.ValueCase == AnyValue.ValueOneofCase.IntValue ? a.Value.IntValue.ToString(CultureInfo.InvariantCulture) : a.Value.StringValue)).OrderBy(a => a.Key, StringComparer.Ordinal)];

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);
}
