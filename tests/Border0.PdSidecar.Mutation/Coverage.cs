using System.Globalization;

namespace Border0.PdSidecar.Mutation;

/// <summary>Which mutants each test passes, and how long it takes unchanged; in a file, since every process needs it.</summary>
internal sealed class Coverage(string file)
{
    private readonly Dictionary<string, (double Milliseconds, HashSet<int> Passed)> _tests = [];

    /// <summary>The mutants that are passed once in a process only: by what is initialized before any test, or by the first that needs it.</summary>
    public HashSet<int> Once { get; } = [];

    public bool TryLoad()
    {
        if (!File.Exists(file))
        {
            return false;
        }

        foreach (var line in File.ReadAllLines(file))
        {
            if (line.Split('\t') is [var id, var time, var passed, var once])
            {
                Add(id, double.Parse(time, CultureInfo.InvariantCulture), Ids(passed), Ids(once));
            }
        }

        return true;
    }

    public void Add(string test, double milliseconds, IEnumerable<int> passed, IEnumerable<int> once)
    {
        _tests[test] = (milliseconds, [.. passed]);
        Once.UnionWith(once);
    }

    public void Save()
    {
        var lines = _tests.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Key}\t{t.Value.Milliseconds:0.###}\t{string.Join(',', t.Value.Passed)}\t"));
        File.WriteAllLines(file + ".new", lines.Append($"\t0\t\t{string.Join(',', Once)}"));
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>How long a test takes unchanged.</summary>
    public TimeSpan TimeOf(string test) => TimeSpan.FromMilliseconds(_tests[test].Milliseconds);

    /// <summary>The tests that pass a mutant, the fastest first.</summary>
    public IEnumerable<string> TestsOf(int mutant) => _tests.Where(t => t.Value.Passed.Contains(mutant)).OrderBy(t => t.Value.Milliseconds).Select(t => t.Key);

    /// <summary>Every test, the fastest first.</summary>
    public IEnumerable<string> Tests => _tests.Where(t => t.Key.Length > 0).OrderBy(t => t.Value.Milliseconds).Select(t => t.Key);

    private static IEnumerable<int> Ids(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(i => int.Parse(i, CultureInfo.InvariantCulture));
}
