using System.CommandLine;
using System.Runtime.InteropServices;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;
using Border0.PdSidecar.Hosting.Systemd;
using Border0.PdSidecar.Storage;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar serve`.</summary>
internal static class ServeCommand
{
    /// <summary>SIGXFSZ, which .NET has no name for; the same on Linux and macOS.</summary>
    private const int FileSizeExceeded = 25;

    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "configuration file: one JSON object of the keys below, with underscores", HelpName = "FILE" };
        var keys = OptionKeys.All.Select(k => (Key: k, Option: new Option<string?>(k.Argument) { Description = k.Description, HelpName = k.Value })).ToList();
        var command = new Command(
            "serve",
            """
            Runs the sidecar. Every option is also a key of the configuration file (--max-staleness is max_staleness) and an
            environment variable (PDSIDECAR_MAX_STALENESS). Arguments win over the environment, the environment over the file.
            Under systemd it takes a Unix socket that is passed to it, and tells when it is ready, stops and is alive.

            Exit codes: 0 stopped when asked to, 1 could not start or go on, 2 the configuration is wrong.

            Example:
              pdsidecar serve --data /var/lib/pdsidecar --log-format json
            """) { config };
        keys.ForEach(k => command.Options.Add(k.Option));
        command.SetAction((parsed, cancellation) =>
        {
            var arguments = keys.Where(k => parsed.GetValue(k.Option) is not null).ToDictionary(k => k.Key.Name, k => parsed.GetValue(k.Option)!);
            return RunAsync(parsed.GetValue(config) ?? Environment.GetEnvironmentVariable("PDSIDECAR_CONFIG"), arguments, cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(string? file, Dictionary<string, string> arguments, CancellationToken cancellation)
    {
        var problems = new List<string>();
        var options = OptionsReader.Read(file, Environment.GetEnvironmentVariable, arguments, problems);
        var passed = PassedSocket.Take(Environment.GetEnvironmentVariable, options, problems);
        if (problems.Count > 0)
        {
            foreach (var problem in problems)
            {
                await Console.Error.WriteLineAsync($"pdsidecar: {problem}");
            }

            return 2;
        }

        CoreDumps.Forbid();

        // A file-size limit (LimitFSIZE) is a disk that is full, and no reason to end.
        using var fileTooLarge = PosixSignalRegistration.Create((PosixSignal)FileSizeExceeded, static signal => signal.Cancel = true);
        try
        {
            using var manager = ServiceManager.Of(Environment.GetEnvironmentVariable, TimeProvider.System);
            await using var sidecar = await SidecarHost.StartAsync(options, passed, TimeProvider.System, cancellation);
            manager.Ready($"Decides on {sidecar.Endpoints.GrpcSocket} and {sidecar.Endpoints.GrpcTcp}");
            try
            {
                await sidecar.WaitForStopAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                // Asked to stop: that is what follows.
            }

            manager.Stopping();
            return 0;
        }
        catch (Exception e) when (e is StorageUnusableException or StorageUnavailableException or IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            await Console.Error.WriteLineAsync($"pdsidecar: {e.Message}");
            return 1;
        }
    }
}
