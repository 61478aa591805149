using Border0.PdSidecar.Commands.Policies;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>Makes a plan's changes, one after the other, each only if nobody was there meanwhile (etag).</summary>
internal static class PlanRun
{
    /// <summary>Makes them, and stops at the first that fails.</summary>
    /// <returns>How many were made, and the failure that stopped it.</returns>
    public static async Task<(int Done, RpcException? Failure)> RunAsync(RemoteCall call, ApplyPlan plan)
    {
        var (done, all) = (0, plan.Changes.Where(c => c.Action != PlannedAction.None).ToList());
        foreach (var change in all)
        {
            try
            {
                await MakeAsync(call, change, $"{done + 1} of {all.Count}: {change.Kind} {change.Name}");
                done++;
            }
            catch (RpcException e)
            {
                return (done, e);
            }
        }

        return (done, null);
    }

    private static async Task MakeAsync(RemoteCall call, PlannedChange change, string what)
    {
        if (change.Policy is { } policy)
        {
            policy.OrganizationId = call.Organization;
            var written = change.Action switch
            {
                PlannedAction.Create => (await call.AskAsync(what, o => call.Policies.CreatePolicyAsync(new CreatePolicyRequest { Policy = policy }, o))).Policy,
                PlannedAction.Update => (await call.AskAsync(what, o => call.Policies.UpdatePolicyAsync(PoliciesCommand.Replacing(policy, null), o))).Policy,
                _ => null,
            };
            if (written is not null)
            {
                PolicyTables.WriteWarnings(call.Terminal, written.Name, written.Warnings);
                return;
            }

            await call.AskAsync(what, o => call.Policies.DeletePolicyAsync(new DeletePolicyRequest { OrganizationId = call.Organization, Name = policy.Name, Etag = policy.Etag }, o));
            return;
        }

        var integration = change.Integration!;
        integration.OrganizationId = call.Organization;
        _ = change.Action switch
        {
            PlannedAction.Create => (object)await call.AskAsync(what, o => call.Integrations.CreateIntegrationAsync(new CreateIntegrationRequest { Integration = integration }, o)),
            PlannedAction.Update => await call.AskAsync(what, o => call.Integrations.UpdateIntegrationAsync(
                new UpdateIntegrationRequest { Integration = integration, UpdateMask = new FieldMask { Paths = { change.Fields } } }, o)),
            _ => await call.AskAsync(what, o => call.Integrations.DeleteIntegrationAsync(
                new DeleteIntegrationRequest { OrganizationId = call.Organization, Name = integration.Name, Etag = integration.Etag }, o)),
        };
    }
}
