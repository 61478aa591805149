using System.Globalization;
using System.Text.Json.Nodes;

namespace Border0.PdSidecar.Mutation;

/// <summary>Stryker's own report, in which the verdicts are put.</summary>
internal static class StrykerReport
{
    private static readonly string[] NoMutants = ["Ignored", "CompileError"];

    /// <summary>The mutants of a folder that there are to judge.</summary>
    public static IReadOnlyList<int> Read(string report, string folder) =>
        [.. Mutants(JsonNode.Parse(File.ReadAllText(report))!, folder).Select(Id).Order()];

    /// <summary>Writes the report with the verdicts.</summary>
    public static void Write(string report, string to, string folder, Verdicts verdicts)
    {
        var root = JsonNode.Parse(File.ReadAllText(report))!;
        foreach (var mutant in Mutants(root, folder).ToList())
        {
            var (status, by) = verdicts.Of(Id(mutant))!.Value;
            mutant["status"] = status;
            mutant["statusReason"] = by;
        }

        File.WriteAllText(to, root.ToJsonString());
    }

    private static IEnumerable<JsonNode> Mutants(JsonNode root, string folder) => root["files"]!.AsObject()
        .Where(f => Path.GetFileName(Path.GetDirectoryName(f.Key)) == folder)
        .SelectMany(f => f.Value!["mutants"]!.AsArray().Select(m => m!))
        .Where(m => !NoMutants.Contains(m["status"]!.GetValue<string>()));

    private static int Id(JsonNode mutant) => int.Parse(mutant["id"]!.GetValue<string>(), CultureInfo.InvariantCulture);
}
