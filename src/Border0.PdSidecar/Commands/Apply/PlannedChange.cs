using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>One step of a plan.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Kind">"integration" or "policy".</param>
/// <param name="Name">Its name.</param>
/// <param name="Differences">What changes, never with a secret in it.</param>
/// <param name="Source">Where it stands in the files; empty for what is deleted.</param>
internal sealed record PlannedChange(PlannedAction Action, string Kind, string Name, IReadOnlyList<Difference> Differences, string Source)
{
    /// <summary>The integration to write or delete, secrets included; null for a policy.</summary>
    public Integration? Integration { get; init; }

    /// <summary>The fields of the integration that are to be written.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>The policy to write or delete; null for an integration.</summary>
    public Policy? Policy { get; init; }
}
