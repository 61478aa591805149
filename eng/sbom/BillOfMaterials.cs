using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Border0.PdSidecar.Sbom;

/// <summary>
/// The bill of materials as CycloneDX 1.6: packages with licence, hash and dependencies, SQLite by its own version, and the published
/// files with theirs. The same build gives the same bytes: no time, and a serial number made from the content.
/// </summary>
internal static partial class BillOfMaterials
{
    public const string FileName = "pdsidecar.cdx.json";

    private const string SqliteFile = "libe_sqlite3.so";

    public static string Write(PublishedBuild build, string folder)
    {
        var packages = build.Packages();
        var product = $"pkg:generic/border0-pdsidecar@{build.Version}?platform={build.Rid}";
        var sqlite = SqliteIn(folder);
        var ids = packages.ToDictionary(p => p.Id, p => p.Purl, StringComparer.OrdinalIgnoreCase);
        var needed = packages.SelectMany(p => p.DependsOn).ToHashSet(StringComparer.OrdinalIgnoreCase);
        JsonArray components =
        [
            .. packages.Select(Component),
            .. sqlite is null ? [] : new JsonNode[] { Sqlite(sqlite) },
            .. Files(folder).Select(f => File(folder, f)),
        ];
        JsonArray dependencies =
        [
            Dependency(product, [.. packages.Where(p => !needed.Contains(p.Id)).Select(p => p.Purl)]),
            .. packages.Select(p => Dependency(p.Purl, [.. p.DependsOn.Where(ids.ContainsKey).Select(d => ids[d]), .. p.Id == "SQLitePCLRaw.lib.e_sqlite3" && sqlite is not null ? [PurlOfSqlite(sqlite)] : Array.Empty<string>()])),
        ];
        var bom = new JsonObject
        {
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["component"] = new JsonObject
                {
                    ["type"] = "application",
                    ["bom-ref"] = product,
                    ["name"] = "pdsidecar",
                    ["version"] = build.Version,
                    ["purl"] = product,
                    ["properties"] = new JsonArray([.. build.OwnAssemblies.Order(StringComparer.Ordinal).Select(a => Property("pdsidecar:assembly", a))]),
                },
            },
            ["components"] = components,
            ["dependencies"] = dependencies,
        };
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(bom.ToJsonString()));
        digest[6] = (byte)((digest[6] & 0x0f) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3f) | 0x80);
        bom.Insert(2, "serialNumber", $"urn:uuid:{new Guid(digest.AsSpan(0, 16), bigEndian: true)}");
        return bom.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }

    /// <summary>The published files, without the bill itself.</summary>
    public static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)).Where(f => f != FileName).Order(StringComparer.Ordinal);

    public static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(System.IO.File.ReadAllBytes(file)));

    /// <summary>The version that SQLite's library says it is.</summary>
    public static string? SqliteIn(string folder) => System.IO.File.Exists(Path.Combine(folder, SqliteFile))
        ? SqliteVersion().Match(Encoding.Latin1.GetString(System.IO.File.ReadAllBytes(Path.Combine(folder, SqliteFile)))).Groups[1].Value
        : null;

    public static string PurlOfSqlite(string version) => $"pkg:generic/sqlite@{version}";

    [GeneratedRegex(@"(?<![0-9.])(3\.[0-9]{1,3}\.[0-9]{1,3})\0")]
    private static partial Regex SqliteVersion();

    private static JsonObject Component(NuGetPackage package)
    {
        var component = new JsonObject
        {
            ["type"] = "library",
            ["bom-ref"] = package.Purl,
            ["name"] = package.Id,
            ["version"] = package.Version,
            ["scope"] = package.Delivered ? "required" : "excluded",
            ["hashes"] = Hashes("SHA-512", package.Sha512),
        };
        if (package.License is { } license)
        {
            component["licenses"] = new JsonArray(new JsonObject { ["expression"] = license });
        }

        component["purl"] = package.Purl;
        return component;
    }

    private static JsonObject Sqlite(string version) => new()
    {
        ["type"] = "library",
        ["bom-ref"] = PurlOfSqlite(version),
        ["name"] = "sqlite",
        ["version"] = version,
        ["scope"] = "required",
        ["licenses"] = new JsonArray(new JsonObject { ["license"] = new JsonObject { ["id"] = "blessing" } }),
        ["cpe"] = $"cpe:2.3:a:sqlite:sqlite:{version}:*:*:*:*:*:*:*",
        ["purl"] = PurlOfSqlite(version),
    };

    private static JsonObject File(string folder, string name) => new()
    {
        ["type"] = "file",
        ["bom-ref"] = "file:" + name,
        ["name"] = name,
        ["hashes"] = Hashes("SHA-256", Sha256(Path.Combine(folder, name))),
    };

    private static JsonObject Dependency(string of, string[] on) => new()
    {
        ["ref"] = of,
        ["dependsOn"] = new JsonArray([.. on.Order(StringComparer.Ordinal).Select(o => JsonValue.Create(o))]),
    };

    private static JsonArray Hashes(string algorithm, string content) => [new JsonObject { ["alg"] = algorithm, ["content"] = content }];

    private static JsonObject Property(string name, string value) => new() { ["name"] = name, ["value"] = value };
}
