using System.CommandLine;
using System.Globalization;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.Fuzz.Targets;

// Code with counters in it counts from its first line on.
var coverage = Coverage.Instance;
var minutes = new Option<double>("--minutes") { Description = "how long at most, all targets together", DefaultValueFactory = _ => 10 };
var inputs = new Option<long>("--inputs") { Description = "how many inputs, all targets together by their shares", DefaultValueFactory = _ => 1_100_000 };
var only = new Option<string[]>("--target") { Description = $"only this one; may be given several times: {string.Join(", ", AllTargets.All.Select(t => t.Name))}", AllowMultipleArgumentsPerToken = true };
var seed = new Option<int?>("--seed") { Description = "the seed of a run before; else a new one" };
var given = new Option<FileInfo?>("--input") { Description = "a file of one input, for one --target: a finding of a run before" };
only.AcceptOnlyFromAmong([.. AllTargets.All.Select(t => t.Name)]);
var command = new RootCommand("Fuzzes the sidecar. Ends with 1 when an input fails; what failed is in artifacts/fuzz.") { minutes, inputs, only, seed, given };
command.SetAction((parsed, _) => FuzzAsync(
    TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(inputs), parsed.GetValue(only) is { Length: > 0 } some ? some : [.. AllTargets.All.Select(t => t.Name)], parsed.GetValue(seed) ?? Random.Shared.Next(), parsed.GetValue(given)));
return await command.Parse(args).InvokeAsync();

async Task<int> FuzzAsync(TimeSpan time, long inputs, string[] names, int seed, FileInfo? given)
{
    var folder = Directory.CreateDirectory(Path.Combine("artifacts", "fuzz")).FullName;
    Console.WriteLine($"seed {seed}");
    Console.WriteLine($"{"target",-18} {"inputs",9} {"kept",6} {"seconds",8} {"a second",9} {"most allocated",15}");
    var began = TimeProvider.System.GetTimestamp();
    var targets = names.Select(AllTargets.Of).ToList();
    var (total, failed) = (0L, 0);
    foreach (var (number, (name, share, make)) in targets.Index())
    {
        await using var target = make();
        using var last = new LastInput(Path.Combine(folder, name + ".last"), target.Longest);
        var run = new FuzzRun(target, seed, last);

        // A slow one leaves time to the others.
        var timeLeft = time - TimeProvider.System.GetElapsedTime(began);
        timeLeft = TimeSpan.FromTicks(Math.Min(timeLeft.Ticks, 3 * timeLeft.Ticks / (targets.Count - number)));
        var finding = given is not null
            ? run.RunOne(name + ".last" == given.Name ? LastInput.Read(given.FullName) : await File.ReadAllBytesAsync(given.FullName))
            : run.Run(inputs * share / targets.Sum(t => t.Share), timeLeft);
        total += run.Inputs;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-18} {run.Inputs,9} {run.Kept,6} {run.Took.TotalSeconds,8:0.0} {run.Inputs / Math.Max(0.001, run.Took.TotalSeconds),9:0} {run.MostAllocated,15}"));
        if (finding is not null)
        {
            failed++;
            var file = Path.Combine(folder, $"{name}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(finding.Input))[..12]}.bin");
            await File.WriteAllBytesAsync(file, finding.Input);
            Console.WriteLine(finding);
            Console.WriteLine($"again: eng/fuzz --target {name} --input {file}");
        }
    }

    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{total} inputs in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s, {(coverage.IsThere ? "guided by coverage" : "without coverage")}: {failed} findings"));
    return failed == 0 ? 0 : 1;
}
