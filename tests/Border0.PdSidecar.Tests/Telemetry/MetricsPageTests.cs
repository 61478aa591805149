using System.Diagnostics.Metrics;
using System.Globalization;
using Border0.PdSidecar.Telemetry;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Tests.Telemetry;

/// <summary>What is recorded is what is told.</summary>
public sealed class MetricsPageTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly CallMetrics _calls;
    private readonly MetricsCollector _collector;
    private readonly MetricsPage _page;

    public MetricsPageTests()
    {
        _calls = new CallMetrics(_time);
        _page = new MetricsPage(_collector = new MetricsCollector(_calls));
    }

    public void Dispose()
    {
        _collector.Dispose();
        _calls.Dispose();
    }

    [Fact]
    public void Decisions_AreCountedByOutcomeAndReason_FromManyThreads()
    {
        Parallel.For(0, 10_000, i => _calls.Decided(i % 4 != 0, i % 4 != 0 ? ReasonCode.Granted : i % 8 == 0 ? ReasonCode.NotOnCall : ReasonCode.NoPolicy, i % 2, Ticks(3e-6)));

        var page = _page.Write();
        Assert.Equal(7500, Value(page, """pdsidecar_decisions_total{outcome="allow",reason="Granted"}"""));
        Assert.Equal(1250, Value(page, """pdsidecar_decisions_total{outcome="deny",reason="NotOnCall"}"""));
        Assert.Equal(1250, Value(page, """pdsidecar_decisions_total{outcome="deny",reason="NoPolicy"}"""));
        Assert.Equal(5000, Value(page, "pdsidecar_shadow_denials_total"));
        Assert.Equal(7500, Value(page, """pdsidecar_evaluate_duration_seconds_count{outcome="allow"}"""));
        Assert.Equal(2500, Value(page, """pdsidecar_evaluate_duration_seconds_count{outcome="deny"}"""));
    }

    [Fact]
    public void ADuration_IsInTheBucketsThatItIsNotAbove_AndInTheSum()
    {
        foreach (var seconds in (double[])[1e-6, 1.1e-6, 4e-6, 1, 100])
        {
            _calls.Decided(false, ReasonCode.NoPolicy, 0, Ticks(seconds));
        }

        var page = _page.Write();
        foreach (var (bound, count) in ((string, int)[])[("1E-06", 1), ("2E-06", 2), ("4E-06", 3), ("0.524288", 3), ("1.048576", 4), ("8.388608", 4), ("+Inf", 5)])
        {
            Assert.Equal(count, Value(page, $$"""pdsidecar_evaluate_duration_seconds_bucket{outcome="deny",le="{{bound}}"}"""));
        }

        Assert.Equal(101.0000061, Value(page, """pdsidecar_evaluate_duration_seconds_sum{outcome="deny"}"""), 1e-9);
        Assert.Equal(0, Value(page, """pdsidecar_evaluate_duration_seconds_count{outcome="allow"}"""));
    }

    [Fact]
    public void Calls_AreToldByMethodAndStatus_WithTheNamesOfTheSemanticConventions()
    {
        var method = _calls.Of("a.B/C");
        method.Called(StatusCode.OK, Ticks(0.02));
        method.Called(StatusCode.OK, Ticks(0.02));
        method.Called(StatusCode.PermissionDenied, 0);
        method.Called((StatusCode)99, 0);

        var page = _page.Write();
        Assert.Equal(2, Value(page, """rpc_server_call_duration_seconds_bucket{rpc_method="a.B/C",rpc_response_status_code="OK",rpc_system_name="grpc",le="0.025"}"""));
        Assert.Equal(0, Value(page, """rpc_server_call_duration_seconds_bucket{rpc_method="a.B/C",rpc_response_status_code="OK",rpc_system_name="grpc",le="0.01"}"""));
        Assert.Equal(1, Value(page, """rpc_server_call_duration_seconds_count{rpc_method="a.B/C",rpc_response_status_code="PERMISSION_DENIED",rpc_system_name="grpc"}"""));
        Assert.Equal(1, Value(page, """rpc_server_call_duration_seconds_count{rpc_method="a.B/C",rpc_response_status_code="UNKNOWN",rpc_system_name="grpc"}"""));
    }

    [Fact]
    public void OtherInstruments_AreAddedUp_AndWhatTheirLabelsHoldIsEscaped()
    {
        using var meter = new Meter("Border0.PdSidecar");
        var name = $"test.{Guid.NewGuid():N}";
        var shown = name.Replace('.', '_');
        var counter = meter.CreateCounter<long>(name, "{thing}", "a \\ and\na line");
        var histogram = meter.CreateHistogram<double>(name + ".took", "s");
        var gauge = 1.5;
        meter.CreateObservableGauge(name + ".level", () => gauge, "By");
        counter.Add(2, new KeyValuePair<string, object?>("what.is", "a \"b\" \\ \n"));
        counter.Add(3, new KeyValuePair<string, object?>("what.is", "a \"b\" \\ \n"));
        histogram.Record(0.2);
        histogram.Record(1e9);

        var page = _page.Write();
        Assert.Contains($"# HELP {shown}_total a \\\\ and\\na line\n# TYPE {shown}_total counter\n{shown}_total{{what_is=\"a \\\"b\\\" \\\\ \\n\"}} 5\n", page, StringComparison.Ordinal);
        Assert.Contains($"# TYPE {shown}_took_seconds histogram\n{shown}_took_seconds_bucket{{le=\"0.005\"}} 0\n", page, StringComparison.Ordinal);
        Assert.Equal(1, Value(page, shown + "_took_seconds_bucket{le=\"0.25\"}"));
        Assert.Equal(2, Value(page, shown + "_took_seconds_bucket{le=\"+Inf\"}"));
        Assert.Equal(2, Value(page, shown + "_took_seconds_count"));
        Assert.Equal(1.5, Value(page, shown + "_level_bytes"));
    }

    [Fact]
    public void Recording_AllocatesNothing()
    {
        var method = _calls.Of("a.B/C");
        Record();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            Record();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Record()
        {
            _calls.Decided(true, ReasonCode.Granted, 1, 70);
            method.Called(StatusCode.OK, 70);
        }
    }

    private static double Value(string page, string series) =>
        double.Parse(Assert.Single(page.Split('\n'), l => l.StartsWith(series + " ", StringComparison.Ordinal))[series.Length..], CultureInfo.InvariantCulture);

    private long Ticks(double seconds) => (long)Math.Round(seconds * _time.TimestampFrequency);
}
