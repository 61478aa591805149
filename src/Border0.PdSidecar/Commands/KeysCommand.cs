using System.CommandLine;
using Border0.PdSidecar.Commands.Storage;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Etcd.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Sqlite;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar keys`.</summary>
internal static class KeysCommand
{
    /// <summary>What a rotation, or one step of it, has done.</summary>
    /// <param name="Key">The id of the new key.</param>
    /// <param name="Integrations">How many integrations' secrets were encrypted under it.</param>
    /// <param name="Sentence">The same for people, and what to do next.</param>
    private sealed record Rotated(string Key, int Integrations, string Sentence);

    public static Command Create(Terminal terminal) => new(
        "keys",
        """
        The keys that secrets are encrypted under.

        Example:
          pdsidecar keys rotate --data /var/lib/pdsidecar
        """)
    {
        Rotate(terminal),
    };

    private static Command Rotate(Terminal terminal)
    {
        var step = new Option<string?>("--step") { Description = "with storage etcd: prepare, activate or finish, one after the other", HelpName = "STEP" };
        var json = new Option<bool>("--json") { Description = "write the answer as JSON, for scripts" };
        var options = new StorageOptions(withStorage: true);
        var command = new Command(
            "rotate",
            """
            Makes a new key, encrypts every secret under it, and removes the old key once nothing needs it. A running sidecar goes
            on meanwhile and uses the new key from then on. Ended half-way, it leaves a directory that works: run it again.
            It does not change the secrets themselves. When the old key and a copy of the database are in wrong hands, so are
            the PagerDuty keys: revoke those in PagerDuty.

            With storage etcd the sidecars of a fleet share one key, and must have the new one before anything is encrypted under it. So
            there are three steps, and after each one the key file is to be copied to every sidecar, whose sidecars read it by themselves:
            prepare adds the new key, activate encrypts everything under it, finish removes the old one. Each can be run again.

            Exit codes: 0 rotated, 1 not, 2 the arguments are wrong.

            Example:
              pdsidecar keys rotate --data /var/lib/pdsidecar
              pdsidecar keys rotate --config /etc/pdsidecar.json --step prepare
            """) { step, json };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                var rotated = await Progress.WhileAsync(
                    terminal, "encrypting secrets under the new key", RunAsync(options.Read(terminal, parsed), parsed.GetValue(step), cancellation));
                await terminal.Out.WriteLineAsync(parsed.GetValue(json)
                    ? JsonText.Of(j =>
                    {
                        j.WriteString("key", rotated.Key);
                        j.WriteNumber("integrations", rotated.Integrations);
                    })
                    : rotated.Sentence);
                return ExitCodes.Done;
            }
            catch (CommandException e)
            {
                terminal.Complain(e.Message);
                return e.ExitCode;
            }
            catch (Exception e) when (e is StorageUnusableException or StorageUnavailableException)
            {
                terminal.Complain(e.Message);
                return ExitCodes.Failed;
            }
        });
        return command;
    }

    private static async Task<Rotated> RunAsync(SidecarOptions options, string? step, CancellationToken cancellation)
    {
        var keyFile = StorageOptions.KeyFileOf(options);
        if (options.Storage == StorageKind.Sqlite)
        {
            if (step is not null)
            {
                throw CommandException.Wrong("--step: is for storage etcd; a database is rotated in one go");
            }

            var (count, id) = await Task.Run(() => KeyRotation.Run(Path.Combine(options.Data, "pdsidecar.db"), keyFile), cancellation);
            return new Rotated(id, count, $"the secrets of {Counted(count)} are encrypted under the new key {id}; the old key is removed from {keyFile}");
        }

        if (step == "prepare")
        {
            var prepared = EtcdKeyRotation.Prepare(keyFile);
            return new Rotated(prepared, 0, $"key {prepared} is added to {keyFile} and not used yet: copy the file to every sidecar, then run the step activate");
        }

        using var client = new EtcdClient(options.Etcd, TimeProvider.System);
        switch (step)
        {
            case "activate":
                var (activated, active) = await EtcdKeyRotation.ActivateAsync(client, keyFile, cancellation);
                return new Rotated(active, activated, $"the secrets of {Counted(activated)} are encrypted under key {active} now: copy {keyFile} to every sidecar, then run the step finish");
            case "finish":
                var (finished, last) = await EtcdKeyRotation.FinishAsync(client, keyFile, cancellation);
                return new Rotated(
                    last, finished, $"everything is encrypted under key {last} ({Counted(finished)} had been written under an old one meanwhile), which is the only one in {keyFile}: copy it to every sidecar");
            default:
                throw CommandException.Wrong("--step: is needed with storage etcd: prepare, then activate, then finish, with a copy of the key file to every sidecar after each");
        }
    }

    private static string Counted(int integrations) => $"{integrations} integration{(integrations == 1 ? "" : "s")}";
}
