using System.Text.Json.Serialization.Metadata;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;

namespace Border0.PdSidecar.PagerDuty.Probe;

/// <summary>Asks one question after the other, and notes how long PagerDuty took.</summary>
internal sealed class TimedQuestions(PagerDutyTransport transport, TimeProvider time, CancellationToken cancellation)
{
    private readonly List<TimeSpan> _took = [];

    /// <summary>The median time of the answers that came; zero when none did.</summary>
    public TimeSpan Median => _took.Count == 0 ? TimeSpan.Zero : _took.Order().ElementAt(_took.Count / 2);

    public async Task<PagerDutyResult<T>> AskAsync<T>(string path, JsonTypeInfo<T> type, RequestLane lane = RequestLane.Other)
        where T : class
    {
        var started = time.GetTimestamp();
        var answer = await transport.GetAsync(path, type, lane, RequestPriority.OnDemand, cancellation);
        Note(answer.Outcome, started);
        return answer;
    }

    public async Task<PagerDutyResult<byte[]>> AskBytesAsync(string path)
    {
        var started = time.GetTimestamp();
        var answer = await transport.GetBytesAsync(path, RequestLane.Other, RequestPriority.OnDemand, cancellation);
        Note(answer.Outcome, started);
        return answer;
    }

    private void Note(PagerDutyOutcome outcome, long started)
    {
        if (outcome != PagerDutyOutcome.Unavailable)
        {
            _took.Add(time.GetElapsedTime(started));
        }
    }
}
