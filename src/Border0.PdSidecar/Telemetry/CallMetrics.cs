using System.Diagnostics;
using System.Diagnostics.Metrics;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Telemetry;

/// <summary>What calls and their decisions are counted as. Called from any thread, at every call: it takes no lock and allocates nothing then.</summary>
internal sealed class CallMetrics : IDisposable
{
    /// <summary>From 1 µs to 8.4 s, each twice the one before: what an answer of microseconds and one that waits for PagerDuty are told apart by.</summary>
    private static readonly double[] DecisionBounds = [.. Enumerable.Range(0, 24).Select(i => 1e-6 * (1 << i))];

    /// <summary>OpenTelemetry's semantic conventions give these for rpc.server.call.duration.</summary>
    private static readonly double[] CallBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    /// <summary>More than the highest number of a <see cref="ReasonCode"/>.</summary>
    private const int MostReasons = 128;

    private readonly Meter _meter = new("Border0.PdSidecar");
    private readonly StripedCounter _decisions;
    private readonly StripedHistogram _durations;
    private readonly StripedHistogram _calls;
    private readonly StripedCounter.Series _shadow;
    private readonly StripedHistogram.Series _allowing;
    private readonly StripedHistogram.Series _denying;
    private readonly StripedCounter.Series?[] _allowed = new StripedCounter.Series?[MostReasons];
    private readonly StripedCounter.Series?[] _denied = new StripedCounter.Series?[MostReasons];
    private readonly Lock _beginning = new();

    public CallMetrics(TimeProvider time)
    {
        _decisions = new StripedCounter(_meter, "pdsidecar.decisions", "{decision}", "Decisions by outcome and the first reason given.");
        var shadow = new StripedCounter(_meter, "pdsidecar.shadow.denials", "{condition}", "Conditions in shadow mode that would have denied, in policies that grant.");
        _shadow = shadow.Begin();
        _durations = new StripedHistogram(_meter, "pdsidecar.evaluate.duration", "Time from a request that is read to its answer that is made, by outcome.", DecisionBounds, time);
        (_allowing, _denying) = (_durations.Begin(Tag("outcome", "allow")), _durations.Begin(Tag("outcome", "deny")));
        _calls = new StripedHistogram(_meter, "rpc.server.call.duration", "Duration of gRPC calls by method and status; of a stream, all of it.", CallBounds, time);
        (Counters, Histograms) = ([_decisions, shadow], [_durations, _calls]);

        // There from the start: a rate needs to have seen the zero.
        _ = (Of(true, ReasonCode.Granted), Of(false, ReasonCode.NoPolicy));
    }

    public IReadOnlyList<StripedCounter> Counters { get; }

    public IReadOnlyList<StripedHistogram> Histograms { get; }

    /// <summary>Whether the span that a decision is made in, where there is one, says the decision too. Set before the first call.</summary>
    public bool DescribesSpans { get; set; }

    /// <summary>A decision was made.</summary>
    /// <param name="isAllow">Its outcome.</param>
    /// <param name="reason">The first reason that it was given.</param>
    /// <param name="shadowDenials">How many shadow conditions would have denied it.</param>
    /// <param name="ticks">What it took, in the clock's timestamps.</param>
    public void Decided(bool isAllow, ReasonCode reason, int shadowDenials, long ticks)
    {
        Of(isAllow, reason).Add();
        (isAllow ? _allowing : _denying).Record(ticks);
        if (shadowDenials > 0)
        {
            _shadow.Add(shadowDenials);
        }

        if (DescribesSpans)
        {
            Describe(isAllow, reason);
        }
    }

    /// <summary>What the calls of a method are told to.</summary>
    /// <param name="method">Its service and name, as in the contract: "border0.pdsidecar.v1.PolicyService/GetPolicy".</param>
    public Method Of(string method) => new(this, method);

    public void Dispose() => _meter.Dispose();

    private StripedCounter.Series Of(bool isAllow, ReasonCode reason)
    {
        var place = (uint)reason < MostReasons ? (int)reason : 0;
        var series = isAllow ? _allowed : _denied;
        return Volatile.Read(ref series[place]) ?? Begin(isAllow, (ReasonCode)place, ref series[place]);
    }

    private StripedCounter.Series Begin(bool isAllow, ReasonCode reason, ref StripedCounter.Series? place)
    {
        lock (_beginning)
        {
            return place ??= _decisions.Begin(Tag("outcome", isAllow ? "allow" : "deny"), Tag("reason", reason.ToString()));
        }
    }

    private StripedHistogram.Series Begin(string method, StatusCode status, ref StripedHistogram.Series? place)
    {
        lock (_beginning)
        {
            return place ??= _calls.Begin(Tag("rpc.method", method), Tag("rpc.response.status_code", StatusNames.Of(status)), Tag("rpc.system.name", "grpc"));
        }
    }

    private static void Describe(bool isAllow, ReasonCode reason)
    {
        if (Activity.Current is { } span)
        {
            span.SetTag("pdsidecar.outcome", isAllow ? "allow" : "deny");
            span.SetTag("pdsidecar.reason", reason.ToString());
        }
    }

    private static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);

    /// <summary>The calls of one method.</summary>
    public sealed class Method(CallMetrics metrics, string name)
    {
        private readonly StripedHistogram.Series?[] _byStatus = new StripedHistogram.Series?[(int)StatusCode.Unauthenticated + 1];

        public string Name => name;

        /// <summary>A call is over.</summary>
        /// <param name="status">How it ended.</param>
        /// <param name="ticks">What it took, in the clock's timestamps.</param>
        public void Called(StatusCode status, long ticks)
        {
            var place = (uint)status < _byStatus.Length ? (int)status : (int)StatusCode.Unknown;
            (Volatile.Read(ref _byStatus[place]) ?? metrics.Begin(name, (StatusCode)place, ref _byStatus[place])).Record(ticks);
        }
    }
}
