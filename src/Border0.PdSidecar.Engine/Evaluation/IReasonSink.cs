using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>Takes the reasons of a decision, one after the other.</summary>
public interface IReasonSink
{
    /// <summary>Takes a reason.</summary>
    void Add(Reason reason);

    /// <summary>Takes the reason of a policy that grants (<see cref="ReasonCode.Granted"/>): what nearly every answer consists of.</summary>
    /// <param name="policyName">The policy.</param>
    /// <param name="message">The sentence, in UTF-8; to be copied.</param>
    /// <param name="factsAge">How old the oldest facts are that the policy rests on; null where it needs none. Never negative.</param>
    void AddGranted(string policyName, ReadOnlySpan<byte> message, TimeSpan? factsAge);
}
