using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Rpc;

/// <summary>
/// Writes answers in the wire format of <see cref="EvaluateResponse"/>, fields in the order of their numbers, without making the message
/// that they are of: each Evaluate is paid for with one. A thread has one, whose memory is used again.
/// </summary>
internal sealed class AnswerWriter : IReasonSink
{
    /// <summary>An answer with more than this is rare, and its memory is let go of.</summary>
    private const int MostKept = 64 * 1024;

    [ThreadStatic]
    private static AnswerWriter? _ofThread;

    private WireBuffer _wire = new(1024);
    private ReasonCode _reason;

    /// <summary>Makes the answer.</summary>
    public static EvaluationAnswer Write(EvaluateRequest request, in AccessRequest access, in SessionEvaluation evaluation)
    {
        var writer = _ofThread ??= new AnswerWriter();
        writer._wire.Clear(MostKept);
        writer._reason = ReasonCode.Unspecified;
        writer.Answer(request, access, evaluation);
        return new EvaluationAnswer(writer._wire.Written, evaluation.Allowed, writer._reason);
    }

    void IReasonSink.Add(Reason reason)
    {
        Note(reason.Code);
        var size = reason.CalculateSize();
        _wire.AddLength(EvaluateResponse.ReasonsFieldNumber, size);
        reason.WriteTo(_wire.Take(size));
    }

    void IReasonSink.AddGranted(string policyName, ReadOnlySpan<byte> message, TimeSpan? factsAge)
    {
        Note(ReasonCode.Granted);
        var start = _wire.Begin(EvaluateResponse.ReasonsFieldNumber);
        _wire.AddNumber(Reason.CodeFieldNumber, (long)ReasonCode.Granted);
        _wire.AddText(Reason.PolicyNameFieldNumber, policyName);
        _wire.AddBytes(Reason.MessageFieldNumber, message);
        if (factsAge is { } age)
        {
            _wire.AddSpan(Reason.FactsAgeFieldNumber, age.Ticks / TimeSpan.TicksPerSecond, (int)(age.Ticks % TimeSpan.TicksPerSecond) * 100);
        }

        _wire.End(start);
    }

    private void Note(ReasonCode code) => _reason = _reason == ReasonCode.Unspecified && code != ReasonCode.ShadowWouldDeny ? code : _reason;

    private void Answer(EvaluateRequest request, in AccessRequest access, in SessionEvaluation evaluation)
    {
        var decision = evaluation.Decision;
        _wire.AddText(EvaluateResponse.RequestIdFieldNumber, request.RequestId);
        _wire.AddNumber(EvaluateResponse.DecisionFieldNumber, (long)(evaluation.Allowed ? V1.Decision.Allow : V1.Decision.Deny));
        if (evaluation.DeniedBy is { } reason)
        {
            ((IReasonSink)this).Add(reason);
            _wire.AddNumber(EvaluateResponse.RevisionFieldNumber, evaluation.Revision);
            return;
        }

        if (evaluation.Allowed)
        {
            decision.Grants.Answered.CopyTo(_wire.Take(decision.Grants.Answered.Length));
        }

        Evaluator.Explain(decision, access, this);
        if (evaluation.Allowed)
        {
            AddInstant(EvaluateResponse.ValidUntilFieldNumber, evaluation.GraceUntil ?? decision.ValidUntil);
        }

        AddInstant(EvaluateResponse.FactsTimeFieldNumber, decision.FactsTime);
        if (evaluation.Allowed)
        {
            _wire.AddText(EvaluateResponse.SessionKeyFieldNumber, request.SessionKey);
        }

        _wire.AddNumber(EvaluateResponse.RevisionFieldNumber, evaluation.Revision);
    }

    private void AddInstant(int field, DateTimeOffset? instant)
    {
        if (instant is { } at)
        {
            var seconds = Math.DivRem(at.UtcTicks - DateTime.UnixEpoch.Ticks, TimeSpan.TicksPerSecond, out var ticks);
            if (ticks < 0)
            {
                (seconds, ticks) = (seconds - 1, ticks + TimeSpan.TicksPerSecond);
            }

            _wire.AddSpan(field, seconds, (int)ticks * 100);
        }
    }
}
