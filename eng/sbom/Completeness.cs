using System.Text.Json.Nodes;

namespace Border0.PdSidecar.Sbom;

/// <summary>Holds a bill of materials against what it should list, each from a source that it was not written from where there is one.</summary>
internal static class Completeness
{
    public static IEnumerable<string> Problems(PublishedBuild build, string folder, string bom)
    {
        var components = JsonNode.Parse(bom)!["components"]!.AsArray().Select(c => c!.AsObject()).ToList();
        var packages = components.Where(c => Text(c, "purl").StartsWith("pkg:nuget/", StringComparison.Ordinal))
            .ToDictionary(c => Text(c, "purl"), StringComparer.OrdinalIgnoreCase);

        foreach (var (id, version) in build.CompilerPackages)
        {
            if (!packages.TryGetValue(NuGetPackage.PurlOf(id, version), out var component))
            {
                yield return $"{id} {version} was compiled in and is not listed";
            }
            else if (Text(component, "scope") != "required")
            {
                yield return $"{id} {version} was compiled in and is listed as not delivered";
            }
        }

        foreach (var (id, version) in build.Locked())
        {
            if (!packages.ContainsKey(NuGetPackage.PurlOf(id, version)))
            {
                yield return $"{id} {version} is in the lock file and is not listed";
            }
        }

        var taken = build.Packages().ToDictionary(p => p.Purl);
        foreach (var (purl, component) in packages)
        {
            if (!taken.TryGetValue(purl, out var package))
            {
                yield return $"{purl} is listed and not part of the build";
            }
            else if (Hash(component) != package.Sha512)
            {
                yield return $"{purl} has another hash";
            }
        }

        var files = components.Where(c => Text(c, "type") == "file").ToDictionary(c => Text(c, "name"), Hash);
        foreach (var name in BillOfMaterials.Files(folder).Union(files.Keys))
        {
            var path = Path.Combine(folder, name);
            if (!files.TryGetValue(name, out var hash))
            {
                yield return $"{name} is published and not listed";
            }
            else if (!File.Exists(path))
            {
                yield return $"{name} is listed and not published";
            }
            else if (hash != BillOfMaterials.Sha256(path))
            {
                yield return $"{name} has another hash";
            }
        }

        if (BillOfMaterials.SqliteIn(folder) is not { Length: > 0 } sqlite || components.All(c => Text(c, "purl") != BillOfMaterials.PurlOfSqlite(sqlite)))
        {
            yield return "the version of SQLite is not listed";
        }

        foreach (var dependency in JsonNode.Parse(bom)!["dependencies"]!.AsArray().SelectMany(d => d!["dependsOn"]!.AsArray()).Select(d => d!.GetValue<string>()).Distinct())
        {
            if (components.All(c => Text(c, "bom-ref") != dependency))
            {
                yield return $"{dependency} is depended on and is not listed";
            }
        }
    }

    private static string Text(JsonObject component, string name) => component[name]?.GetValue<string>() ?? "";

    private static string Hash(JsonObject component) => component["hashes"]![0]!["content"]!.GetValue<string>();
}
