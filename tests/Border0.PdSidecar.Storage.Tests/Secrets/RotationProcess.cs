using System.Diagnostics;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;

namespace Border0.PdSidecar.Storage.Tests.Secrets;

/// <summary>This assembly as a process: rotates the keys of a database, and ends by SIGKILL at a step.</summary>
internal static class RotationProcess
{
    public static int Main(string[] arguments)
    {
        if (arguments is not [var database, var keyFile, var last])
        {
            Console.Error.WriteLine("usage: DATABASE KEYFILE STEP; the tests are run with dotnet test");
            return 2;
        }

        KeyRotation.Run(database, keyFile, step =>
        {
            if (step.ToString() == last)
            {
                using var self = Process.GetCurrentProcess();
                self.Kill();

                // The signal is on its way: nothing more may happen.
                using var never = new ManualResetEventSlim();
                never.Wait();
            }
        });
        return 0;
    }

    /// <summary>Runs it, and waits until it was killed.</summary>
    public static async Task KilledAtAsync(RotationStep step, string database, string keyFile)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(RotationProcess).Assembly.Location, database, keyFile, step.ToString()])
        {
            RedirectStandardError = true,
        })!;
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(bound.Token);
        Assert.Equal((128 + 9, ""), (process.ExitCode, await process.StandardError.ReadToEndAsync(bound.Token)));
    }
}
