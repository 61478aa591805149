using System.CommandLine;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Sqlite;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar keys`.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "The keys that secrets are encrypted under.") { Rotate() };

    private static Command Rotate()
    {
        var data = new Option<string?>("--data") { Description = "the data directory, whether a sidecar runs on it or not", HelpName = "DIR" };
        var file = new Option<string?>("--encryption-key-file") { Description = "the file of the keys (default: DIR/encryption.key)", HelpName = "FILE" };
        var command = new Command(
            "rotate",
            """
            Makes a new key, encrypts every secret under it, and removes the old key once nothing needs it. A running sidecar goes
            on meanwhile and uses the new key from then on. Ended half-way, it leaves a directory that works: run it again.
            It does not change the secrets themselves. When the old key and a copy of the database are in wrong hands, so are
            the PagerDuty keys: revoke those in PagerDuty.

            Exit codes: 0 rotated, 1 not, 2 the arguments are wrong.

            Example:
              pdsidecar keys rotate --data /var/lib/pdsidecar
            """) { data, file };
        command.SetAction(async (parsed, cancellation) =>
        {
            var directory = Given(parsed.GetValue(data), "DATA") ?? new SidecarOptions().Data;
            var keyFile = Given(parsed.GetValue(file), "ENCRYPTION_KEY_FILE") ?? Path.Combine(directory, "encryption.key");
            try
            {
                var (count, id) = await Task.Run(() => KeyRotation.Run(Path.Combine(directory, "pdsidecar.db"), keyFile), cancellation);
                await Console.Out.WriteLineAsync($"the secrets of {count} integration{(count == 1 ? "" : "s")} are encrypted under the new key {id}; the old key is removed from {keyFile}");
                return 0;
            }
            catch (Exception e) when (e is StorageUnusableException or StorageUnavailableException)
            {
                await Console.Error.WriteLineAsync($"pdsidecar: {e.Message}");
                return 1;
            }
        });
        return command;
    }

    private static string? Given(string? argument, string variable) =>
        argument is { Length: > 0 } ? argument : Environment.GetEnvironmentVariable("PDSIDECAR_" + variable) is { Length: > 0 } value ? value : null;
}
