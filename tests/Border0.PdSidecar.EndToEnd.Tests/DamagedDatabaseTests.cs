using System.Text;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>A start on a data directory whose database is damaged.</summary>
public class DamagedDatabaseTests
{
    [Theory]
    [InlineData("pdsidecar.db")]
    [InlineData("sessions.db")]
    [InlineData("facts.db")]
    public async Task DamagedDatabase_StopsTheStart_ByName_AndStaysAsItIs(string name)
    {
        using var folder = new TemporaryFolder();
        await using (var sidecar = await Sidecar.StartAsync(folder, new Uri("http://127.0.0.1:1")))
        {
            sidecar.Run.Terminate();
            Assert.Equal(0, await sidecar.Run.ExitAsync());
        }

        var file = Path.Combine(folder.Path("data"), name);
        foreach (var damaged in (byte[][])[[], (await File.ReadAllBytesAsync(file))[..4096], Encoding.ASCII.GetBytes("not a database, but long enough to be looked at")])
        {
            await File.WriteAllBytesAsync(file, damaged);
            await using var run = ProgramRun.Start(BuildFacts.SidecarBinary, ["serve", "--data", folder.Path("data"), "--grpc-tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);

            Assert.Equal(1, await run.ExitAsync());
            var said = Assert.Single(run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.StartsWith("pdsidecar: ", said, StringComparison.Ordinal);
            Assert.Contains(file, said, StringComparison.Ordinal);
            Assert.Contains("restore it from a backup, or move it away", said, StringComparison.Ordinal);
            Assert.Equal(damaged, await File.ReadAllBytesAsync(file));
        }
    }
}
