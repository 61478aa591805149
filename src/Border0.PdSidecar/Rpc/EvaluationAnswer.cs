using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Rpc;

/// <summary>
/// What an Evaluate is answered with, as the bytes of an <see cref="EvaluateResponse"/>: made once, sent as they are, and told to the decision
/// log. Never changed once made.
/// </summary>
internal sealed class EvaluationAnswer
{
    private readonly byte[] _bytes;

    /// <summary>Keeps a copy of the bytes.</summary>
    public EvaluationAnswer(ReadOnlySpan<byte> bytes, bool isAllow, ReasonCode reason) => (_bytes, IsAllow, Reason) = (bytes.ToArray(), isAllow, reason);

    /// <summary>Whether it allows.</summary>
    public bool IsAllow { get; }

    /// <summary>The first reason that it gives, of those that are not only watched: what it is counted as.</summary>
    public ReasonCode Reason { get; }

    /// <summary>The message.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The answer of a message.</summary>
    public static EvaluationAnswer Of(EvaluateResponse response) =>
        new(response.ToByteArray(), response.Decision == V1.Decision.Allow, response.Reasons.Select(r => r.Code).FirstOrDefault(c => c != ReasonCode.ShadowWouldDeny));
}
