using Border0.PdSidecar.Commands.Policies;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>What has to happen for an organization to be as files say.</summary>
/// <param name="Changes">The steps, in the order in which they can be made: integrations before the policies that name them, deletions last.</param>
/// <param name="Others">How many integrations and policies no file names and apply does not own: they stay.</param>
/// <param name="Orphans">How many apply owns that no file names, and that stay because pruning was not asked for.</param>
internal sealed record ApplyPlan(IReadOnlyList<PlannedChange> Changes, int Others, int Orphans)
{
    /// <summary>Whether anything has to happen.</summary>
    public bool IsEmpty => Changes.All(c => c.Action == PlannedAction.None);

    /// <summary>Compares.</summary>
    /// <param name="desired">What should be.</param>
    /// <param name="integrations">The organization's integrations.</param>
    /// <param name="policies">The organization's policies.</param>
    /// <param name="owner">Under which name apply owns things.</param>
    /// <param name="options">What is asked for beyond that.</param>
    /// <exception cref="CommandException">Somebody else owns what a file names, or an integration to be created has no key.</exception>
    public static ApplyPlan Of(
        DesiredState desired, IReadOnlyList<Integration> integrations, IReadOnlyList<Policy> policies, string owner, ApplyOptions options)
    {
        var (knownIntegrations, knownPolicies) = (
            integrations.ToDictionary(i => i.Name, StringComparer.OrdinalIgnoreCase), policies.ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase));
        List<PlannedChange> changes =
        [
            .. desired.Integrations.Select(i => IntegrationDifference.Of(i, knownIntegrations.GetValueOrDefault(i.Integration.Name), owner, options)),
            .. desired.Policies.Select(p => Change(p, knownPolicies.GetValueOrDefault(p.Policy.Name), owner, options)),
        ];
        var (namedIntegrations, namedPolicies) = (
            desired.Integrations.Select(i => i.Integration.Name).ToHashSet(StringComparer.OrdinalIgnoreCase), desired.Policies.Select(p => p.Policy.Name).ToHashSet(StringComparer.OrdinalIgnoreCase));
        var (restIntegrations, restPolicies) = (
            integrations.Where(i => !namedIntegrations.Contains(i.Name)).ToList(), policies.Where(p => !namedPolicies.Contains(p.Name)).ToList());
        var (orphanedIntegrations, orphanedPolicies) = (restIntegrations.Where(i => i.ManagedBy == owner).ToList(), restPolicies.Where(p => p.ManagedBy == owner).ToList());
        var orphans = orphanedIntegrations.Count + orphanedPolicies.Count;
        if (options.Prune)
        {
            changes.AddRange(orphanedPolicies.Select(p => new PlannedChange(PlannedAction.Delete, "policy", p.Name, [], "") { Policy = p }));
            changes.AddRange(orphanedIntegrations.Select(i => new PlannedChange(PlannedAction.Delete, "integration", i.Name, [], "") { Integration = i }));
        }

        return new ApplyPlan(changes, restIntegrations.Count + restPolicies.Count - orphans, options.Prune ? 0 : orphans);
    }

    /// <summary>Whose something is must be asked for before it is taken over from another owner; what nobody owns is free.</summary>
    public static void CheckOwner(string kind, string name, string source, string managedBy, string owner, ApplyOptions options)
    {
        if (managedBy.Length > 0 && managedBy != owner && !options.TakeOver)
        {
            throw new CommandException(ExitCodes.Conflict, $"{source}: {kind} {name} is managed by {managedBy}, and not by {owner}; --take-over makes it this one's");
        }
    }

    private static PlannedChange Change(PolicyInput input, Policy? known, string owner, ApplyOptions options)
    {
        var wanted = CanonicalPolicy.Of(DesiredChecks.Whole(input, new FieldViolations()));
        wanted.ManagedBy = owner;
        if (known is not null)
        {
            CheckOwner("policy", known.Name, input.Source, known.ManagedBy, owner, options);
        }

        var differences = Difference.Between(known is null ? "{}" : ContractJson.Line(CanonicalPolicy.Of(known)), ContractJson.Line(wanted)).Where(d => d.Field != "name").ToList();
        wanted.Name = known?.Name ?? wanted.Name;
        wanted.Etag = known?.Etag ?? "";
        var action = known is null ? PlannedAction.Create : differences.Count > 0 ? PlannedAction.Update : PlannedAction.None;
        return new PlannedChange(action, "policy", wanted.Name, differences, input.Source) { Policy = wanted };
    }
}
