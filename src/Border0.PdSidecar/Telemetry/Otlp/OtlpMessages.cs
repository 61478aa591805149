using System.Diagnostics;
using System.Globalization;

namespace Border0.PdSidecar.Telemetry.Otlp;

/// <summary>
/// The requests of OTLP 1.x (opentelemetry.proto.collector.*.v1) as bytes. Written by hand: the OpenTelemetry SDK cannot read a histogram
/// that is counted in stripes, and would take a lock at every call to count it once more.
/// </summary>
internal sealed class OtlpMessages(OtlpResource resource, DateTimeOffset started)
{
    private const string Scope = "Border0.PdSidecar";
    private const int Cumulative = 2;

    private readonly ProtoBuffer _to = new();

    /// <summary>An ExportMetricsServiceRequest. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Metrics(IEnumerable<MetricFamily> families, DateTimeOffset now)
    {
        Begin(out var outer, out var scope);
        foreach (var family in families)
        {
            var metric = _to.Begin(2);
            _to.Text(1, family.Instrument.Name);
            _to.Text(2, family.Instrument.Description ?? "");
            _to.Text(3, family.Instrument.Unit ?? "");
            var isHistogram = Exposition.IsHistogram(family.Instrument);
            var isSum = !isHistogram && Exposition.IsCounter(family.Instrument);
            var data = _to.Begin(isHistogram ? 9 : isSum ? 7 : 5);
            foreach (var point in family.Points)
            {
                Point(point, now, attributes: isHistogram ? 9 : 7);
            }

            if (isHistogram || isSum)
            {
                _to.Number(2, Cumulative);
            }

            if (isSum)
            {
                _to.Number(3, 1);
            }

            _to.End(data);
            _to.End(metric);
        }

        _to.End(scope);
        _to.End(outer);
        return _to.Written;
    }

    /// <summary>An ExportTraceServiceRequest. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Traces(IEnumerable<Activity> spans)
    {
        Begin(out var outer, out var scope);
        foreach (var span in spans)
        {
            Span(span);
        }

        _to.End(scope);
        _to.End(outer);
        return _to.Written;
    }

    private void Begin(out int outer, out int scope)
    {
        _to.Clear();
        outer = _to.Begin(1);
        var about = _to.Begin(1);
        foreach (var (key, value) in resource.Attributes)
        {
            Attribute(1, key, value);
        }

        _to.End(about);
        scope = _to.Begin(2);
        var name = _to.Begin(1);
        _to.Text(1, Scope);
        _to.Text(2, resource.Version);
        _to.End(name);
    }

    private void Point(MetricPoint point, DateTimeOffset now, int attributes)
    {
        var at = _to.Begin(1);
        _to.Fixed64(2, Nanoseconds(started));
        _to.Fixed64(3, Nanoseconds(now));
        if (point.Counts is { } counts)
        {
            _to.Fixed64(4, (ulong)counts.Sum());
            _to.Double(5, point.Value);
            _to.Fixed64s(6, counts);
            _to.Doubles(7, point.Bounds!);
        }
        else
        {
            _to.Double(4, point.Value);
        }

        foreach (var (key, value) in point.Tags)
        {
            Attribute(attributes, key, value);
        }

        _to.End(at);
    }

    private void Span(Activity span)
    {
        var at = _to.Begin(2);
        Span<byte> id = stackalloc byte[16];
        span.TraceId.CopyTo(id);
        _to.Bytes(1, id);
        span.SpanId.CopyTo(id[..8]);
        _to.Bytes(2, id[..8]);
        _to.Text(3, span.TraceStateString ?? "");
        if (span.ParentSpanId != default)
        {
            span.ParentSpanId.CopyTo(id[..8]);
            _to.Bytes(4, id[..8]);
        }

        _to.Text(5, span.DisplayName);
        _to.Number(6, span.Kind switch { ActivityKind.Server => 2, ActivityKind.Client => 3, _ => 1 });
        var began = new DateTimeOffset(span.StartTimeUtc);
        _to.Fixed64(7, Nanoseconds(began));
        _to.Fixed64(8, Nanoseconds(began + span.Duration));
        foreach (var (key, value) in span.TagObjects)
        {
            Attribute(9, key, value);
        }

        if (span.Status != ActivityStatusCode.Unset)
        {
            var status = _to.Begin(15);
            _to.Text(2, span.StatusDescription ?? "");
            _to.Number(3, span.Status == ActivityStatusCode.Error ? 2u : 1u);
            _to.End(status);
        }

        _to.Fixed32(16, (uint)span.ActivityTraceFlags | (span.HasRemoteParent ? 0x300u : 0x100u));
        _to.End(at);
    }

    private void Attribute(int field, string key, object? value)
    {
        var pair = _to.Begin(field);
        _to.Text(1, key);
        var any = _to.Begin(2);
        switch (value)
        {
            case bool flag:
                _to.Number(2, flag ? 1u : 0u);
                break;
            case int or long:
                _to.Number(3, (ulong)Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number:
                _to.Double(4, number);
                break;
            default:
                _to.Text(1, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
                break;
        }

        _to.End(any);
        _to.End(pair);
    }

    private static ulong Nanoseconds(DateTimeOffset at) => (ulong)(at - DateTimeOffset.UnixEpoch).Ticks * 100;
}
