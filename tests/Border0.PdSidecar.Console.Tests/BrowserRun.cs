using System.Text.Json;

namespace Border0.PdSidecar.Console.Tests;

/// <summary>
/// A script of Browser/ against a sidecar process and a simulated PagerDuty, in a Chromium of its own. The script fails by itself: what it
/// says is the message.
/// </summary>
internal static class BrowserRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Where the scripts are.</summary>
    public static readonly string Scripts = Path.Combine(BuildFacts.RepositoryRoot, "tests", "Border0.PdSidecar.Console.Tests", "Browser");

    /// <summary>Runs a script to its end; throws what it says when it fails.</summary>
    /// <param name="script">Its file, without its ending.</param>
    /// <param name="connected">Whether the sidecar has an integration already.</param>
    public static async Task RunAsync(string script, bool connected)
    {
        using var folder = new TemporaryFolder();
        await using var pagerDuty = await SimulatedPagerDuty.StartAsync();
        await using var sidecar = await Sidecar.StartAsync(folder, pagerDuty.BaseAddress);
        if (connected)
        {
            await pagerDuty.ConnectAsync(sidecar);
        }

        var world = JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["console"] = new Uri(sidecar.Http, "/console/").ToString(),
            ["grpc"] = sidecar.GrpcTcp,
            ["simulator"] = pagerDuty.BaseAddress.ToString().TrimEnd('/'),
            ["binary"] = BuildFacts.SidecarBinary,
            ["data"] = sidecar.DataDirectory,
            ["admin"] = await TokenAsync(sidecar, "admin"),
            ["viewer"] = await TokenAsync(sidecar, "viewer"),
            ["profile"] = folder.Path("chromium"),
        });
        await using var run = ProgramRun.Start("node", [Path.Combine(Scripts, script + ".mjs")], world);
        var code = await run.ExitAsync(Patience);
        Assert.True(code == 0, $"{script} ended with {code} (run eng/prepare first, if something is missing):\n{run.Output}\n{run.Errors}");
        Assert.Contains("ok: ", run.Output, StringComparison.Ordinal);
    }

    private static async Task<string> TokenAsync(Sidecar sidecar, string role)
    {
        await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, ["token", "create", "--data", sidecar.DataDirectory, "--role", role, "--name", $"{role}-of-the-page"]);
        Assert.Equal(0, await run.ExitAsync(TimeSpan.FromSeconds(60)));
        return run.Output.Trim();
    }
}
