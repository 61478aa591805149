using BenchmarkDotNet.Attributes;
using Border0.PdSidecar.Telemetry;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Benchmarks;

/// <summary>What it costs an Evaluate that it is measured, and the page that tells of it.</summary>
public class TelemetryBenchmarks
{
    private CallMetrics _metrics = null!;
    private CallMetrics.Method _evaluate = null!;
    private MetricsCollector _collector = null!;
    private MetricsPage _page = null!;

    [GlobalSetup]
    public void Setup()
    {
        _metrics = new CallMetrics(TimeProvider.System);
        _evaluate = _metrics.Of("border0.pdsidecar.v1.EvaluationService/Evaluate");
        _page = new MetricsPage(_collector = new MetricsCollector(_metrics));
        Decision();
        Call();
        if (!_page.Write().Contains("pdsidecar_decisions_total{outcome=\"allow\",reason=\"Granted\"} 1", StringComparison.Ordinal))
        {
            throw new InvalidOperationException("what is recorded is not told");
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _collector.Dispose();
        _metrics.Dispose();
    }

    /// <summary>A decision recorded in metrics: its count, and its duration in the histogram.</summary>
    [Benchmark]
    public void Decision() => _metrics.Decided(true, ReasonCode.Granted, 0, 12_000);

    /// <summary>Its call in rpc.server.call.duration.</summary>
    [Benchmark]
    public void Call() => _evaluate.Called(StatusCode.OK, 90_000);

    [Benchmark]
    public int Page() => _page.Write().Length;
}
