using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>What can be read off the decision log at any moment, on the product's meter.</summary>
internal sealed class DecisionLogGauges : IDisposable
{
    private readonly Meter _meter = new("Border0.PdSidecar");

    public DecisionLogGauges(DecisionRecorder log)
    {
        _meter.CreateObservableCounter("pdsidecar.decision_log.written", () => log.Written, "{record}", "Records written to the decision log.");
        _meter.CreateObservableCounter("pdsidecar.decision_log.missing", () => log.Missing, "{record}", "Records missing from the decision log.");
        _meter.CreateObservableGauge("pdsidecar.decision_log.queue", () => log.Waiting, "{record}", "Records that wait to be written to the decision log.");
    }

    public void Dispose() => _meter.Dispose();
}
