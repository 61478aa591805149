using System.CommandLine;
using Border0.PdSidecar.Commands.Integrations;
using Border0.PdSidecar.Commands.Policies;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Engine.Validation;
using Grpc.Core;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>`pdsidecar apply`.</summary>
internal static class ApplyCommand
{
    private const string DefaultOwner = "apply";

    public static Command Create(RemoteCommand remote)
    {
        var files = new Option<string[]>("--file", "-f") { Description = "a file (JSON or YAML), a folder of them, or - for standard input; may be given more than once", HelpName = "PATH", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "print what would change, and change nothing" };
        var prune = new Option<bool>("--prune") { Description = "delete what apply has put there and no file names any more" };
        var owner = new Option<string>("--owner") { Description = "under which name apply owns what it writes (managed_by); give each repository its own", HelpName = "NAME", DefaultValueFactory = static _ => DefaultOwner };
        var takeOver = new Option<bool>("--take-over") { Description = "change what another owner owns, too, and own it from then on" };
        var writeSecrets = new Option<bool>("--write-secrets") { Description = "write keys and webhook secrets even where they seem to be the stored ones" };
        return remote.Create(
            "apply",
            """
            Makes integrations and policies what files say: creates what is missing, changes what is different, leaves alone what is as it
            should be. Everything is read and checked before anything is changed; each change is made only if nobody else made one meanwhile.

            A file holds a policy as `policies create` takes it, a list of them, or {"integrations": […], "policies": […]}. An integration's secrets
            never stand there: "api_key_from" and "webhook_secrets_from" are {"file": "PATH"}, relative to the file, or {"env": "VARIABLE"}. Secrets
            cannot be read back: a key is taken to be another one when its last four characters are.

            --prune deletes only what an apply of the same --owner has put into the same organization. Needs role admin (--dry-run: viewer).
            """,
            """
            pdsidecar apply -f policies/ --dry-run
            pdsidecar apply -f policies/ --prune
            pdsidecar policies list --json | pdsidecar apply -f - --organization staging
            """,
            [files, dryRun, prune, owner, takeOver, writeSecrets], async call =>
        {
            var options = new ApplyOptions(call.Parsed.GetValue(prune), call.Parsed.GetValue(takeOver), call.Parsed.GetValue(writeSecrets));
            return await RunAsync(call, call.Parsed.GetValue(files)!, call.Parsed.GetValue(owner)!, options, call.Parsed.GetValue(dryRun));
        }, "Exit codes: 0 done (--dry-run: nothing to do), 10 --dry-run: something to do, 8 done in part; nothing done: 2 not acceptable, 3 not reached, 4 not allowed, 6 conflict, 7 a limit, 1 anything else.");
    }

    private static async Task<int> RunAsync(RemoteCall call, string[] files, string owner, ApplyOptions options, bool isDryRun)
    {
        var found = new FieldViolations();
        found.CheckOrganization("--owner:", owner);
        if (!found.None || owner.Length == 0)
        {
            throw CommandException.Wrong(found.None ? "--owner: must not be empty" : $"--owner: {found.Found[0].Description}");
        }

        var desired = DesiredReader.Read(call.Terminal, files);
        call = call with { Organization = Organization(call.Organization, desired.Organization) };
        if (Refused(call, DesiredChecks.Check(desired.Integrations, desired.Policies)))
        {
            return ExitCodes.Wrong;
        }

        if (options.Prune && desired.Integrations.Count + desired.Policies.Count == 0)
        {
            throw CommandException.Wrong("--prune: the files name nothing, so everything that apply has put there would be deleted; that is done with policies delete and integrations delete");
        }

        var plan = ApplyPlan.Of(desired, await IntegrationsCommand.AllAsync(call), await PoliciesCommand.AllAsync(call), owner, options);
        List<string> unknown = [];
        foreach (var change in plan.Changes.Where(c => c is { Policy: not null, Action: PlannedAction.Create or PlannedAction.Update }))
        {
            unknown.AddRange(await DesiredChecks.AskAsync(call, change.Policy!, change.Source));
        }

        if (Refused(call, unknown))
        {
            return ExitCodes.Wrong;
        }

        if (isDryRun)
        {
            Write(call, plan, null);
            return plan.IsEmpty ? ExitCodes.Done : ExitCodes.Different;
        }

        if (!call.IsJson)
        {
            PlanText.Write(call.Terminal, plan);
        }

        var (done, failure) = await PlanRun.RunAsync(call, plan);
        if (failure is null)
        {
            Write(call, plan, done, isWritten: true);
            return ExitCodes.Done;
        }

        return Failed(call, plan, done, failure);
    }

    private static int Failed(RemoteCall call, ApplyPlan plan, int done, RpcException failure)
    {
        var all = plan.Changes.Where(c => c.Action != PlannedAction.None).ToList();
        if (call.IsJson)
        {
            PlanText.WriteJson(call.Terminal, plan, done);
        }

        if (failure.StatusCode == StatusCode.Cancelled && call.Cancellation.IsCancellationRequested)
        {
            call.Terminal.Complain($"interrupted: {done} of {all.Count} changes were made");
            return ExitCodes.Interrupted;
        }

        call.Terminal.Complain($"{all[done].Kind} {all[done].Name}: not written; {done} of {all.Count} changes were made. Running apply again makes the rest.");
        var code = CallFailures.Tell(call.Terminal, failure, call.Connection.Address);
        return done > 0 ? ExitCodes.PartlyDone : code;
    }

    private static void Write(RemoteCall call, ApplyPlan plan, int? done, bool isWritten = false)
    {
        if (call.IsJson)
        {
            PlanText.WriteJson(call.Terminal, plan, done);
            return;
        }

        if (!isWritten)
        {
            PlanText.Write(call.Terminal, plan);
        }

        PlanText.WriteCounts(call.Terminal, plan, isDone: done is not null);
    }

    private static bool Refused(RemoteCall call, List<string> problems)
    {
        problems.ForEach(call.Terminal.Complain);
        return problems.Count > 0;
    }

    private static string Organization(string given, string ofFiles) =>
        given.Length == 0 ? ofFiles
        : ofFiles.Length == 0 || ofFiles == given ? given
        : throw CommandException.Wrong($"--organization: is {given}, and the files say {ofFiles}");
}
