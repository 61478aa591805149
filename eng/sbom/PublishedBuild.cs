using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Border0.PdSidecar.Sbom;

/// <summary>
/// What a publish left in obj: the resolved packages (project.assets.json) and the native compiler's arguments, which name every
/// assembly that it read.
/// </summary>
internal sealed class PublishedBuild
{
    private readonly string _project;
    private readonly JsonNode _assets;
    private readonly string _packageFolder;

    public PublishedBuild(string repository, string rid)
    {
        Rid = rid;
        _project = Path.Combine(repository, "src", "Border0.PdSidecar");
        _assets = JsonNode.Parse(File.ReadAllText(Path.Combine(_project, "obj", "project.assets.json")))!;
        _packageFolder = _assets["packageFolders"]!.AsObject().First().Key;
        Version = _assets["project"]!["version"]!.GetValue<string>();
        CompilerPackages = [.. CompilerReferences().Select(PackageOf).OfType<(string Id, string Version)>().Distinct()];
    }

    public string Rid { get; }

    /// <summary>The product's version.</summary>
    public string Version { get; }

    /// <summary>The packages of which the native compiler read an assembly: id in lower case, and version.</summary>
    public IReadOnlyList<(string Id, string Version)> CompilerPackages { get; }

    /// <summary>Our own assemblies that the native compiler read.</summary>
    public IEnumerable<string> OwnAssemblies => CompilerReferences().Where(r => PackageOf(r) is null).Select(r => Path.GetFileNameWithoutExtension(r)!);

    /// <summary>Packages of the lock file for this platform: id and version.</summary>
    public IEnumerable<(string Id, string Version)> Locked()
    {
        var frameworks = JsonNode.Parse(File.ReadAllText(Path.Combine(_project, "packages.lock.json")))!["dependencies"]!.AsObject();
        return frameworks.Where(f => f.Key is "net10.0" || f.Key == $"net10.0/{Rid}")
            .SelectMany(f => f.Value!.AsObject())
            .Where(p => p.Value!["type"]!.GetValue<string>() != "Project")
            .Select(p => (p.Key, p.Value!["resolved"]!.GetValue<string>()))
            .Distinct();
    }

    /// <summary>Every package of the build, the runtime's own included, in order of their names.</summary>
    public IReadOnlyList<NuGetPackage> Packages()
    {
        var target = _assets["targets"]![$"net10.0/{Rid}"]!.AsObject();
        var resolved = target.Where(t => t.Value!["type"]!.GetValue<string>() == "package").Select(t => (Name: t.Key.Split('/'), t.Value)).Select(t =>
            Package(t.Name[0], t.Name[1], t.Value!["native"] is not null, [.. t.Value["dependencies"]?.AsObject().Select(d => d.Key) ?? []]));

        // The runtime comes as packs that the SDK names, not as dependencies; of those it downloads, only what was compiled in counts.
        var packs = _assets["project"]!["frameworks"]!["net10.0"]!["downloadDependencies"]?.AsArray() ?? [];
        var compiledIn = packs.Select(p => (Id: p!["name"]!.GetValue<string>(), Version: p["version"]!.GetValue<string>().Trim('[', ']').Split(',')[0]))
            .Where(p => CompilerPackages.Contains((p.Id.ToLowerInvariant(), p.Version)))
            .Select(p => Package(p.Id, p.Version, false, []));
        return [.. resolved.Concat(compiledIn).OrderBy(p => p.Purl, StringComparer.Ordinal)];
    }

    private NuGetPackage Package(string id, string version, bool hasNativeFile, IReadOnlyList<string> dependsOn)
    {
        var lower = id.ToLowerInvariant();
        var folder = Path.Combine(_packageFolder, lower, version);
        var hash = Convert.FromBase64String(File.ReadAllText(Path.Combine(folder, $"{lower}.{version}.nupkg.sha512")).Trim());
        var license = XDocument.Load(Path.Combine(folder, $"{lower}.nuspec")).Descendants()
            .FirstOrDefault(e => e.Name.LocalName == "license" && (string?)e.Attribute("type") == "expression")?.Value;
        return new NuGetPackage(
            id, version, Convert.ToHexStringLower(hash), license, hasNativeFile || CompilerPackages.Contains((lower, version)), dependsOn);
    }

    private IEnumerable<string> CompilerReferences() =>
        from line in File.ReadLines(Path.Combine(_project, "obj", "Release", "net10.0", Rid, "native", "pdsidecar.ilc.rsp"))
        where line.StartsWith("-r:", StringComparison.Ordinal) || (line.EndsWith(".dll", StringComparison.Ordinal) && !line.StartsWith('-'))
        select line.StartsWith("-r:", StringComparison.Ordinal) ? line[3..] : line;

    private (string Id, string Version)? PackageOf(string file) =>
        file.StartsWith(_packageFolder, StringComparison.Ordinal) && file[_packageFolder.Length..].TrimStart('/').Split('/') is [var id, var version, ..]
            ? (id, version)
            : null;
}
