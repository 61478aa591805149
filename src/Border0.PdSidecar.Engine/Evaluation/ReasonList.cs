using System.Text;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>Reasons as messages, for callers that look at them or keep them.</summary>
internal sealed class ReasonList(IList<Reason> into) : IReasonSink
{
    public void Add(Reason reason) => into.Add(reason);

    public void AddGranted(string policyName, ReadOnlySpan<byte> message, TimeSpan? factsAge) => into.Add(new Reason
    {
        Code = ReasonCode.Granted,
        PolicyName = policyName,
        Message = Encoding.UTF8.GetString(message),
        FactsAge = factsAge?.ToDuration(),
    });
}
