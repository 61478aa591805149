using Border0.PdSidecar.Access;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>What is known of the call that an Evaluate came with, looked up no sooner than it is needed.</summary>
/// <param name="context">The call.</param>
/// <param name="caller">Who calls.</param>
/// <param name="stream">The end of what the call is a stream of, where that is sooner than the call's.</param>
internal readonly struct EvaluateCall(ServerCallContext? context, Caller caller, CancellationToken? stream = null)
{
    /// <summary>Who calls.</summary>
    public Caller Caller => caller;

    /// <summary>The caller's deadline.</summary>
    public DateTime Deadline => context?.Deadline ?? DateTime.MaxValue;

    /// <summary>The end of the call: whoever waits for it pays for the token.</summary>
    public CancellationToken Cancellation => stream ?? context?.CancellationToken ?? CancellationToken.None;

    /// <summary>The traceparent header as the server holds it ready; the call's own metadata would be built for it. Null when there is none.</summary>
    public string? TraceParent => context?.GetHttpContext().Request.Headers.TraceParent;
}
