using System.CommandLine;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Etcd.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Migration;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;

namespace Border0.PdSidecar.Commands.Storage;

/// <summary>`pdsidecar storage`.</summary>
internal static class StorageCommand
{
    public static Command Create(Terminal terminal) => new(
        "storage",
        """
        Where integrations and policies are stored.

        Example:
          pdsidecar storage migrate --from sqlite --to etcd --data /var/lib/pdsidecar --etcd-endpoints https://etcd-1:2379
        """)
    {
        Migrate(terminal),
    };

    private static Command Migrate(Terminal terminal)
    {
        var from = new Option<string>("--from") { Description = "sqlite or etcd", HelpName = "WHERE", Required = true };
        var to = new Option<string>("--to") { Description = "sqlite or etcd", HelpName = "WHERE", Required = true };
        var json = new Option<bool>("--json") { Description = "write the answer as JSON, for scripts" };
        var options = new StorageOptions(withStorage: false);
        var command = new Command(
            "migrate",
            """
            Moves every integration and policy from the database in the data directory to etcd, or back: all of them or none. Secrets are
            encrypted under the same key file. What was written is read back and compared. The source stays as it is. A target that is not
            empty is refused, unless it holds the very same. No sidecar may run on the data directory meanwhile, and none should be changing
            the source. Sessions, facts and tokens stay in the data directory. Broken off, it leaves a target that is not used: run it again.

            Exit codes: 0 moved, or there already; 1 not; 2 the arguments are wrong; 3 etcd did not answer; 6 the target holds something else.

            Example:
              pdsidecar storage migrate --from sqlite --to etcd --data /var/lib/pdsidecar --etcd-endpoints https://etcd-1:2379,https://etcd-2:2379
            """) { from, to, json };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                return await RunAsync(terminal, options, parsed, (parsed.GetValue(from)!, parsed.GetValue(to)!, parsed.GetValue(json)), cancellation);
            }
            catch (CommandException e)
            {
                terminal.Complain(e.Message);
                return e.ExitCode;
            }
            catch (StorageUnavailableException e)
            {
                terminal.Complain(e.Message);
                return ExitCodes.NoAnswer;
            }
            catch (StorageUnusableException e)
            {
                terminal.Complain(e.Message);
                return e.Message.StartsWith("the target is not empty", StringComparison.Ordinal) ? ExitCodes.Conflict : ExitCodes.Failed;
            }
            catch (StorageLimitException e)
            {
                terminal.Complain(e.Message);
                return ExitCodes.Failed;
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, StorageOptions given, ParseResult parsed, (string From, string To, bool Json) asked, CancellationToken cancellation)
    {
        var (from, to, json) = asked;
        if ((from, to) is not (("sqlite", "etcd") or ("etcd", "sqlite")))
        {
            throw CommandException.Wrong("--from and --to: one must be sqlite and the other etcd");
        }

        var options = given.Read(terminal, parsed, storage: "etcd");
        var database = Path.Combine(options.Data, "pdsidecar.db");
        if (from == "sqlite" && !File.Exists(database))
        {
            throw CommandException.Wrong($"--data: there is no {database}: nothing to move");
        }

        using var directory = DataDirectory.Take(options.Data);
        var keys = KeyRing.Open(StorageOptions.KeyFileOf(options));
        using var client = new EtcdClient(options.Etcd, TimeProvider.System);
        await using IConfigurationStore source = from == "sqlite" ? SqliteConfigurationStore.Open(database, keys) : new EtcdConfigurationStore(client, keys, TimeProvider.System);
        IMigrationTarget target = to == "sqlite" ? new SqliteTarget(database, keys) : new EtcdTarget(client, keys, TimeProvider.System);
        var (moved, wasThere) = await Progress.WhileAsync(terminal, $"moving from {from} to {to}", ConfigurationMigration.RunAsync(source, target, cancellation));
        var (what, place) = (Counted(moved), to == "sqlite" ? database : $"etcd under {options.Etcd.Prefix}");
        await terminal.Out.WriteLineAsync(json
            ? JsonText.Of(j =>
            {
                j.WriteNumber("integrations", moved.Integrations.Count);
                j.WriteNumber("policies", moved.Policies.Count);
                j.WriteString("to", place);
                j.WriteBoolean("was_there", wasThere);
            })
            : wasThere
            ? $"{what} are in {place} already, all the same: nothing was written"
            : $"{what} were moved to {place} and read back; the source is as it was. Start the sidecars with storage {to}.");
        return ExitCodes.Done;
    }

    private static string Counted(StoredConfiguration moved) =>
        $"{moved.Integrations.Count} integration{(moved.Integrations.Count == 1 ? "" : "s")} and {moved.Policies.Count} polic{(moved.Policies.Count == 1 ? "y" : "ies")}";
}
