using Border0.PdSidecar.Fuzz.Running;

namespace Border0.PdSidecar.Fuzz.Tests;

/// <summary>The fuzzer finds what is there to be found.</summary>
public class FuzzRunTests
{
    [Fact]
    public async Task Crash_IsFound_Shrunk_AndFoundAgainWithTheSeed()
    {
        await using var target = new Fragile(input =>
        {
            if (input.AsSpan().Contains((byte)0xff))
            {
                throw new InvalidDataException("there is an 0xff");
            }
        });

        var finding = new FuzzRun(target, 5).Run(100_000, TimeSpan.MaxValue);
        var again = new FuzzRun(target, 5).Run(100_000, TimeSpan.MaxValue);

        Assert.Equal([0xff], finding!.Input);
        Assert.Contains("there is an 0xff", finding.What, StringComparison.Ordinal);
        Assert.Contains("of seed 5 ", finding.ToString(), StringComparison.Ordinal);
        Assert.Contains("\\xff", finding.ToString(), StringComparison.Ordinal);
        Assert.Equal(finding.Number, again!.Number);
        Assert.NotNull(new FuzzRun(target, 6).RunOne(finding.Input));
    }

    [Fact]
    public async Task Allocation_BeyondTheBound_IsFound()
    {
        byte[]? kept = null;
        await using var target = new Fragile(input => kept = input.Length > 20 ? new byte[100 << 20] : null);

        var finding = new FuzzRun(target, 5).Run(100_000, TimeSpan.MaxValue);

        Assert.Contains("were allocated", finding!.What, StringComparison.Ordinal);
        Assert.Equal(21, finding.Input.Length);
        GC.KeepAlive(kept);
    }

    [Fact]
    public async Task Hang_IsFound()
    {
        using var never = new ManualResetEventSlim();
        await using var target = new Fragile(input =>
        {
            if (input.Length == 3)
            {
                never.Wait();
            }
        });

        var finding = new FuzzRun(target, 5, longestInput: TimeSpan.FromSeconds(2)).Run(1_000_000, TimeSpan.MaxValue);

        never.Set();
        Assert.Equal(3, finding!.Input.Length);
        Assert.StartsWith("no end after", finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LastInput_IsInTheFile_ForWhenTheProcessEnds()
    {
        var file = Path.GetTempFileName();
        byte[] last = [];
        await using var target = new Fragile(input => last = input);
        using (var kept = new LastInput(file, target.Longest))
        {
            Assert.Null(new FuzzRun(target, 5, kept).Run(100, TimeSpan.MaxValue));
        }

        Assert.Equal(last, LastInput.Read(file));
        File.Delete(file);
    }

    private sealed class Fragile(Action<byte[]> run) : FuzzTarget
    {
        public override string Name => "fragile";

        public override string About => "fails as it is told to";

        public override IReadOnlyList<byte[]> Examples { get; } = ["hello"u8.ToArray()];

        public override void Run(byte[] input) => run(input);
    }
}
