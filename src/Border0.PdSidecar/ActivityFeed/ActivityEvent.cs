using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.ActivityFeed;

/// <summary>Something that happened, as it waits for watchers: of a decision, its message without what the answer says, and the answer.</summary>
/// <param name="Ticks">When, in UTC ticks.</param>
/// <param name="Message">The message, for all watchers; not to be changed once it waits.</param>
/// <param name="Answer">Of a decision: the answer; null otherwise.</param>
internal sealed record ActivityEvent(long Ticks, WatchActivityResponse Message, EvaluationAnswer? Answer)
{
    /// <summary>The message as a watcher gets it: a copy, with what the answer says.</summary>
    /// <remarks>Made where it is sent: whoever decided does not wait for it.</remarks>
    public WatchActivityResponse Told()
    {
        var told = Message.Clone();
        told.Time = new DateTimeOffset(Ticks, TimeSpan.Zero).ToTimestamp();
        if (Answer is not null)
        {
            var answer = EvaluateResponse.Parser.ParseFrom(Answer.Bytes);
            told.Decision.Decision = answer.Decision;
            told.Decision.Reasons.Add(answer.Reasons);
            told.Decision.ValidUntil = answer.ValidUntil;
        }

        return told;
    }
}
