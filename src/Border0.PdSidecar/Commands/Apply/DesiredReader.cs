using System.Text.Json;
using Border0.PdSidecar.Commands.Files;
using Border0.PdSidecar.Commands.Policies;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>Reads what should be there from files and folders.</summary>
/// <remarks>
/// A file holds what `policies create` takes, a list of that, or an object with "policies" and "integrations". An integration has the names of
/// the contract but for its secrets, which "api_key_from" and "webhook_secrets_from" point to.
/// </remarks>
internal sealed class DesiredReader(Terminal terminal)
{
    private static readonly string[] Secrets = ["api_key", "webhook_secrets"];

    private readonly List<IntegrationInput> _integrations = [];
    private readonly List<PolicyInput> _policies = [];

    /// <summary>Reads files, folders (every .json, .yaml and .yml in them and below, but for what begins with a dot), and "-".</summary>
    /// <exception cref="CommandException">Something in them is not acceptable.</exception>
    public static DesiredState Read(Terminal terminal, IEnumerable<string> paths)
    {
        var reader = new DesiredReader(terminal);
        foreach (var file in paths.SelectMany(Files).Distinct(StringComparer.Ordinal))
        {
            foreach (var (json, source) in TextFile.Read(terminal, file))
            {
                reader.Take(json, source, file == "-" ? "." : Path.GetDirectoryName(Path.GetFullPath(file))!);
            }
        }

        return reader.Done();
    }

    private static IEnumerable<string> Files(string path)
    {
        if (path == "-" || File.Exists(path))
        {
            return [path];
        }

        if (!Directory.Exists(path))
        {
            throw CommandException.Wrong($"--file: there is no file or folder {path}");
        }

        try
        {
            return Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(f => TextFile.IsOfConfiguration(f) && !Path.GetRelativePath(path, f).Split('/').Any(p => p.StartsWith('.')))
                .Order(StringComparer.Ordinal).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Wrong($"--file: {path} cannot be read: {e.Message}");
        }
    }

    private void Take(string json, string source, string folder)
    {
        try
        {
            using var document = JsonDocument.Parse(json, PolicyReader.Lenient);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !(root.TryGetProperty("integrations", out var integrations) && IsTop(root)))
            {
                _policies.AddRange(PolicyReader.Read(root, source));
                return;
            }

            Take(integrations, $"{source}: integrations", folder);
            if (root.TryGetProperty("policies", out var policies))
            {
                _policies.AddRange(PolicyReader.Read(policies, $"{source}: policies"));
            }
        }
        catch (JsonException e)
        {
            throw PolicyReader.NotJson(e, source);
        }
    }

    /// <summary>A policy has a part that is called "integrations" too, but never that alone or beside "policies".</summary>
    private static bool IsTop(JsonElement root) => root.EnumerateObject().All(p => p.Name is "integrations" or "policies");

    private void Take(JsonElement integrations, string source, string folder)
    {
        if (integrations.ValueKind != JsonValueKind.Array)
        {
            throw CommandException.Wrong($"{source}: must be a list");
        }

        foreach (var (i, json) in integrations.EnumerateArray().Index())
        {
            var at = $"{source}[{i}]";
            if (json.ValueKind != JsonValueKind.Object)
            {
                throw CommandException.Wrong($"{at}: must be an object");
            }

            foreach (var secret in Secrets.Where(s => json.TryGetProperty(s, out _)))
            {
                throw CommandException.Wrong($"{at}.{secret}: must not stand in a file that is kept; {secret}_from points to where it is");
            }

            var fields = string.Join(',', json.EnumerateObject().Where(p => !p.Name.EndsWith("_from", StringComparison.Ordinal)).Select(p => $"{PolicyReader.Quoted(p.Name)}:{p.Value.GetRawText()}"));
            _integrations.Add(new IntegrationInput(
                PolicyReader.Parse<Integration>(PolicyReader.Plain($"{{{fields}}}"), at),
                json.TryGetProperty("api_key_from", out var key) ? SecretReference.Read(terminal, key, at + ".api_key_from", folder) : null,
                json.TryGetProperty("webhook_secrets_from", out var secrets) ? SecretReference.Read(terminal, secrets, at + ".webhook_secrets_from", folder) : null,
                at));
            foreach (var unknown in json.EnumerateObject().Where(p => p.Name.EndsWith("_from", StringComparison.Ordinal) && !Secrets.Contains(p.Name[..^5])))
            {
                throw CommandException.Wrong($"{at}.{unknown.Name}: is not known");
            }
        }
    }

    private DesiredState Done()
    {
        Unique("integration", _integrations.Select(i => (i.Integration.Name, i.Source)));
        Unique("policy", _policies.Select(p => (p.Policy.Name, p.Source)));
        var organizations = _integrations.Select(i => i.Integration.OrganizationId).Concat(_policies.Select(p => p.Policy.OrganizationId))
            .Where(o => o.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        return organizations.Count <= 1
            ? new DesiredState(_integrations, _policies, organizations.FirstOrDefault() ?? "")
            : throw CommandException.Wrong($"the files name several organizations ({string.Join(", ", organizations)}): apply one at a time");
    }

    private static void Unique(string what, IEnumerable<(string Name, string Source)> all)
    {
        foreach (var twice in all.Where(a => a.Name.Length > 0).GroupBy(a => a.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
        {
            throw CommandException.Wrong($"{what} {twice.Key} is there more than once: {string.Join("; ", twice.Select(t => t.Source))}");
        }
    }
}
