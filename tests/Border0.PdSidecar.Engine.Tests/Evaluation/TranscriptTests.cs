using System.Text;

namespace Border0.PdSidecar.Engine.Tests.Evaluation;

/// <summary>
/// Every word that the evaluator says of every case, against the record in Cases/transcript.txt, so that a change of what people
/// read shows in a review. PDSIDECAR_TRANSCRIPT=FILE writes a new record.
/// </summary>
public class TranscriptTests
{
    private const string Heading = "## ";

    private static readonly Lazy<Dictionary<string, string>> Record = new(() =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Evaluation", "Cases", "transcript.txt"))
            .Split(Heading, StringSplitOptions.RemoveEmptyEntries)
            .Select(section => section.Split('\n', 2))
            .ToDictionary(s => s[0], s => s[1].TrimEnd('\n') + "\n"));

    public static TheoryData<string, string> Cases() => EvaluationCaseTests.Cases();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Said(string topic, string name)
    {
        var said = Transcript.Of(EvaluationCase.Of(topic, name));

        Assert.Equal(Record.Value[$"{topic}: {name}"], said);
    }

    [Fact]
    public void Record_HasACaseForEachOfItsParts()
    {
        var cases = EvaluationCase.All().ToList();
        if (Environment.GetEnvironmentVariable("PDSIDECAR_TRANSCRIPT") is { Length: > 0 } file)
        {
            File.WriteAllText(file, cases.Aggregate(new StringBuilder(), (text, c) => text.Append($"{Heading}{c.Topic}: {c.Name}\n{Transcript.Of(EvaluationCase.Of(c.Topic, c.Name))}\n")).ToString());
        }

        Assert.Equal(cases.Select(c => $"{c.Topic}: {c.Name}").Order(StringComparer.Ordinal), Record.Value.Keys.Order(StringComparer.Ordinal));
    }
}
