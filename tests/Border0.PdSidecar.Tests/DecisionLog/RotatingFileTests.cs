using System.Text;
using Border0.PdSidecar.DecisionLog;

namespace Border0.PdSidecar.Tests.DecisionLog;

public sealed class RotatingFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pdsidecar-tests-");

    private string File => Path.Combine(_folder.FullName, "decisions.jsonl");

    [Fact]
    public void File_IsItsOwnersOnly()
    {
        Write("one\n");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Equal("one\n", Read(File));
    }

    [Fact]
    public void Rotation_KeepsTheNewestFiles_AndNeverMoreThanTheBound()
    {
        using var file = new RotatingFile(File, 100, 3);
        for (var i = 0; i < 1_000; i++)
        {
            file.Write(Encoding.UTF8.GetBytes($"line {i:D5}\n"));
            var sizes = _folder.GetFiles().Select(f => f.Length).ToList();
            Assert.InRange(sizes.Count, 1, 3);
            Assert.All(sizes, s => Assert.InRange(s, 0, 100));
        }

        // 9 lines of 11 bytes fit into 100.
        var kept = Read(File + ".2") + Read(File + ".1") + Read(File);
        Assert.Equal(string.Concat(Enumerable.Range(981, 19).Select(i => $"line {i:D5}\n")), kept);
    }

    [Fact]
    public void OneFile_StartsAnew()
    {
        using var file = new RotatingFile(File, 10, 1);
        file.Write("12345678\n"u8);
        file.Write("abc\n"u8);

        Assert.Equal("abc\n", Read(File));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void FewerFilesThanBefore_RemovesTheRest()
    {
        for (var i = 1; i < 6; i++)
        {
            System.IO.File.WriteAllText($"{File}.{i}", $"{i}\n");
        }

        using var file = new RotatingFile(File, 10, 2);
        file.Write("12345678\n"u8);
        file.Write("abc\n"u8);

        Assert.Equal(["decisions.jsonl", "decisions.jsonl.1"], _folder.GetFiles().Select(f => f.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TornLastLine_DoesNotSpoilTheNext()
    {
        System.IO.File.WriteAllText(File, "{\"whole\":1}\n{\"to");

        Write("{\"next\":1}\n");

        Assert.Equal("{\"whole\":1}\n{\"to\n{\"next\":1}\n", Read(File));
    }

    [Fact]
    public void Reopened_GoesOnWhereItWas()
    {
        Write("one\n");
        Write("two\n");

        Assert.Equal("one\ntwo\n", Read(File));
    }

    [Fact]
    public void MovedAway_IsCreatedAnew()
    {
        using var file = new RotatingFile(File, 1 << 20, 2);
        file.Write("one\n"u8);
        System.IO.File.Move(File, File + ".archived");
        file.Write("two\n"u8);

        Assert.Equal(("one\n", "two\n"), (Read(File + ".archived"), Read(File)));
    }

    [Fact]
    public async Task UnderLoad_DiskUseStaysBounded_AndWhatIsKeptIsWhole()
    {
        const int Records = 100_000;
        var recorded = new Recorded(capacity: 1024, sinks: new RotatingFile(File, 1 << 20, 3));
        for (var i = 0; i < Records; i++)
        {
            await recorded.DecideAsync($"{i}");
        }

        await recorded.DisposeAsync();
        Assert.All(_folder.GetFiles(), f => Assert.InRange(f.Length, 1, 1 << 20));
        var kept = Recorded.Told(Recorded.Parse(Read(File + ".2") + Read(File + ".1") + Read(File)));
        Assert.Equal(3, _folder.GetFiles().Length);
        Assert.Equal(Enumerable.Range(Records - kept.Length, kept.Length).Select(i => $"{i}"), kept);
    }

    [Fact]
    public async Task FullDisk_DecisionsGoOn_AndTheGapIsToldOnceThereIsRoom()
    {
        System.IO.File.CreateSymbolicLink(File, "/dev/full");
        await using var recorded = new Recorded(sinks: new RotatingFile(File, 1 << 20, 2));
        for (var i = 0; i < 100; i++)
        {
            Assert.True(recorded.DecideAsync($"r{i}").IsCompletedSuccessfully, "a disk that is full keeps nobody waiting");
            recorded.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Contains("No space left", recorded.Log.Trouble, StringComparison.Ordinal);
        System.IO.File.Delete(File);
        await recorded.DecideAsync("after");
        recorded.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["gap 100", "after"], Recorded.Told(Recorded.Parse(Read(File))));
        Assert.True(recorded.Log.IsHealthy);
    }

    [Fact]
    public async Task RotationThatFails_IsTroubleAndCounted_AndHealsItself()
    {
        var inTheWay = Directory.CreateDirectory(File + ".1");
        System.IO.File.WriteAllText(Path.Combine(inTheWay.FullName, "x"), "x");
        await using var recorded = new Recorded(sinks: new RotatingFile(File, 200, 2));
        await recorded.DecideAsync("r1");
        recorded.Pass();
        await recorded.DecideAsync("r2");
        recorded.Pass();
        Assert.Equal((false, 1L), (recorded.Log.IsHealthy, recorded.Log.Missing));
        Assert.Equal(["r1"], Recorded.Told(Recorded.Parse(Read(File))));

        inTheWay.Delete(recursive: true);
        recorded.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["r1"], Recorded.Told(Recorded.Parse(Read(File + ".1"))));
        Assert.Equal(["gap 1"], Recorded.Told(Recorded.Parse(Read(File))));
        Assert.True(recorded.Log.IsHealthy);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Read(string file) => System.IO.File.ReadAllText(file);

    private void Write(string text)
    {
        using var file = new RotatingFile(File, 1 << 20, 2);
        file.Write(Encoding.UTF8.GetBytes(text));
    }
}
