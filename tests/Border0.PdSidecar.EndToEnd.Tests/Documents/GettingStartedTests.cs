using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Border0.PdSidecar.EndToEnd.Tests.Documents;

/// <summary>docs/getting-started.md does what it says, command by command.</summary>
public class GettingStartedTests
{
    [Fact]
    public async Task Page_AsItStands_DoesWhatItSays()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.Path("bin"));
        File.CreateSymbolicLink(folder.Path("bin/pdsidecar"), BuildFacts.SidecarBinary);

        // The page's ports may be taken on a machine where other tests run.
        var simulator = FreePort();
        var steps = Transcript.Read((await File.ReadAllTextAsync(Path.Combine(BuildFacts.RepositoryRoot, "docs", "getting-started.md")))
            .Replace("pdsidecar simulator >", $"pdsidecar simulator --listen 127.0.0.1:{simulator} >", StringComparison.Ordinal)
            .Replace("127.0.0.1:50600", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{simulator}"), StringComparison.Ordinal));
        await File.WriteAllTextAsync(folder.Path("page.sh"), Transcript.Script(steps));
        await using var shell = ProgramRun.Start(
            "/bin/bash",
            ["-m", folder.Path("page.sh")],
            environment: new Dictionary<string, string>
            {
                ["PATH"] = $"{folder.Path("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
                ["HOME"] = folder.Path("home"),
                ["PDSIDECAR_GRPC_TCP"] = "127.0.0.1:0",
                ["PDSIDECAR_HTTP"] = "127.0.0.1:0",
            },
            workingDirectory: folder.Path(""));
        await shell.ExitAsync(TimeSpan.FromMinutes(3));

        var answers = Transcript.Answers(shell.Output);
        Assert.True(answers.Count == steps.Count + 1, $"it ended early\n{shell.Output}\n{shell.Errors}");
        foreach (var (step, answer) in steps.Zip(answers))
        {
            Assert.True(Transcript.Fits(answer, step.Answer), $"$ {step.Command}\nanswers\n{answer}\n\nand the page says\n{string.Join('\n', step.Answer)}\n\n{shell.Errors}");
        }
    }

    [Fact]
    public void Answers_AreHeldLineByLine()
    {
        var steps = Transcript.Read("```console\n$ a <<END\n$ b\nEND\n$ c\nx … z\n…\nlast\n```\n```sh\n$ no\n```\n");

        Assert.Equal(["a <<END\n$ b\nEND", "c"], steps.Select(s => s.Command));
        Assert.Equal(["x … z", "…", "last"], steps[1].Answer);
        Assert.True(Transcript.Fits("x 1 z\nlast", steps[1].Answer));
        Assert.True(Transcript.Fits("x 1 z\n1\n2\nlast", steps[1].Answer));
        Assert.False(Transcript.Fits("x 1 z\n1", steps[1].Answer));
        Assert.False(Transcript.Fits("x 1\nlast", steps[1].Answer));
        Assert.False(Transcript.Fits("something", []));
        Assert.Equal(["one", "", ""], Transcript.Answers("=== step 0\none\n=== step 1\n=== end\n"));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
