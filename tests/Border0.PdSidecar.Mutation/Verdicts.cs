namespace Border0.PdSidecar.Mutation;

/// <summary>What was found of each mutant so far, in a file that a process which ends by itself leaves behind.</summary>
internal sealed class Verdicts
{
    public const string Killed = "Killed";
    public const string TimedOut = "Timeout";
    public const string Survived = "Survived";
    public const string NoCoverage = "NoCoverage";

    private readonly string _file;
    private readonly Dictionary<int, (string Status, string By)> _of = [];
    private readonly Dictionary<(int Mutant, string What), int> _notes = [];

    public Verdicts(string file)
    {
        _file = file;
        foreach (var line in File.Exists(file) ? File.ReadAllLines(file) : [])
        {
            if (line.Split('\t', 4) is [var kind, var mutant, var what, var by] && int.TryParse(mutant, out var id))
            {
                Take(kind == "is", id, what, by);
            }
        }
    }

    public (string Status, string By)? Of(int mutant) => _of.TryGetValue(mutant, out var verdict) ? verdict : null;

    /// <summary>How often something was noted of a mutant.</summary>
    public int Noted(int mutant, string what) => _notes.GetValueOrDefault((mutant, what));

    public void Note(int mutant, string what) => Add(false, mutant, what, "");

    public void Is(int mutant, string status, string by) => Add(true, mutant, status, by);

    private void Add(bool isFinal, int mutant, string what, string by)
    {
        by = by.ReplaceLineEndings(" ").Replace('\t', ' ');
        File.AppendAllText(_file, $"{(isFinal ? "is" : "note")}\t{mutant}\t{what}\t{(by.Length > 300 ? by[..300] : by)}\n");
        Take(isFinal, mutant, what, by);
    }

    private void Take(bool isFinal, int mutant, string what, string by)
    {
        if (isFinal)
        {
            _of[mutant] = (what, by);
        }
        else
        {
            _notes[(mutant, what)] = Noted(mutant, what) + 1;
        }
    }
}
