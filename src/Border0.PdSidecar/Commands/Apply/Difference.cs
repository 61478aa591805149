using System.Text.Json;
using System.Text.Json.Nodes;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>One thing that is not as it should be.</summary>
/// <param name="Field">Where: "integrations[0].pagerduty_oncall.service_id".</param>
/// <param name="Before">What is there, as JSON; null for nothing.</param>
/// <param name="After">What should be there, as JSON; null for nothing.</param>
internal sealed record Difference(string Field, string? Before, string? After)
{
    /// <summary>What has to change in one JSON text to make it the other. The order of a list of words means nothing.</summary>
    public static List<Difference> Between(string before, string after)
    {
        List<Difference> found = [];
        Compare("", JsonNode.Parse(before), JsonNode.Parse(after), found);
        return found;
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<Difference> found)
    {
        switch (before, after)
        {
            case (JsonObject or null, JsonObject or null) when before is not null || after is not null:
                var (had, has) = (before as JsonObject, after as JsonObject);
                foreach (var name in (had?.Select(p => p.Key) ?? []).Concat(has?.Select(p => p.Key) ?? []).Distinct(StringComparer.Ordinal))
                {
                    Compare(path.Length > 0 ? $"{path}.{name}" : name, had?[name], has?[name], found);
                }

                // An empty object says something by being there.
                if (had is null != has is null && (had ?? has)!.Count == 0)
                {
                    found.Add(new Difference(path, Text(before), Text(after)));
                }

                break;
            case (JsonArray or null, JsonArray or null) when IsWords(before) && IsWords(after):
                var (gone, added) = (Words(before), Words(after));
                foreach (var word in gone.ToList().Where(added.Remove))
                {
                    gone.Remove(word);
                }

                found.AddRange(gone.Select(w => new Difference(path, w, null)).Concat(added.Select(w => new Difference(path, null, w))));
                break;
            case (JsonArray or null, JsonArray or null) when before is not null || after is not null:
                var (old, young) = (before as JsonArray, after as JsonArray);
                for (var i = 0; i < Math.Max(old?.Count ?? 0, young?.Count ?? 0); i++)
                {
                    Compare($"{path}[{i}]", i < (old?.Count ?? 0) ? old![i] : null, i < (young?.Count ?? 0) ? young![i] : null, found);
                }

                break;
            default:
                if (!JsonNode.DeepEquals(before, after))
                {
                    found.Add(new Difference(path, Text(before), Text(after)));
                }

                break;
        }
    }

    private static bool IsWords(JsonNode? node) => node is null || ((JsonArray)node).All(n => n?.GetValueKind() == JsonValueKind.String);

    private static List<string> Words(JsonNode? node) => node is JsonArray words ? [.. words.Select(w => w!.ToJsonString())] : [];

    private static string? Text(JsonNode? node) => node?.ToJsonString();
}
