using System.Buffers.Binary;
using System.Diagnostics;

namespace Border0.PdSidecar.Telemetry.Tracing;

/// <summary>
/// Which traces are recorded: those that a caller has begun and records, and a share of those that begin here, by their trace id, so that others
/// who sample by the same share record the same ones.
/// </summary>
internal sealed class TraceSampling(double share) : IDisposable
{
    private readonly long _below = share >= 1 ? long.MaxValue : (long)(share * long.MaxValue);
    private ActivityListener? _listener;

    /// <summary>Hears of the product's activities from now on.</summary>
    /// <param name="ended">Gets each that has ended and is recorded.</param>
    public void Listen(Action<Activity> ended)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == ServerSpans.SourceName,
            Sample = Sample,
            ActivityStopped = span =>
            {
                if (span.Recorded)
                {
                    ended(span);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Whether a call may be recorded, told before anything is made for it.</summary>
    public bool MayRecord(in ActivityContext parent, bool isContinued) => isContinued ? parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) : share > 0;

    public void Dispose() => _listener?.Dispose();

    private ActivitySamplingResult Sample(ref ActivityCreationOptions<ActivityContext> options) =>
        options.Parent.TraceId != default
            ? options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None
            : IsInShare(options.TraceId) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None;

    private bool IsInShare(ActivityTraceId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.CopyTo(bytes);
        return (BinaryPrimitives.ReadInt64BigEndian(bytes) & long.MaxValue) < _below || share >= 1;
    }
}
