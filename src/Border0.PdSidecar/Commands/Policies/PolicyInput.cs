using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Commands.Policies;

/// <summary>A policy as somebody wrote it down.</summary>
/// <param name="Policy">Its fields.</param>
/// <param name="Document">Border0's policy document (policy_data), which gives the other parts; or null.</param>
/// <param name="Source">Where it stands, for errors.</param>
internal sealed record PolicyInput(Policy Policy, Struct? Document, string Source);
