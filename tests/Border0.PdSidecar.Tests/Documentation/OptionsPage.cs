using System.Text;
using System.Text.RegularExpressions;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Tests.Documentation;

/// <summary>The generated part of docs/configuration.md: every option there is, from the options' own list.</summary>
internal static partial class OptionsPage
{
    public const string Begin = "<!-- Generated from src/Border0.PdSidecar/Configuration/OptionKeys.cs by eng/docs. Do not edit below. -->\n";

    private static readonly (string Title, string[] Prefixes)[] Sections =
    [
        ("Data and listeners", ["data", "grpc_socket", "grpc_socket_mode", "grpc_socket_group", "grpc_tcp", "http", "default_organization"]),
        ("Who may call", ["loopback_roles", "grpc_socket_callers", "grpc_client_"]),
        ("TLS", ["grpc_tls_", "http_tls_", "tls_"]),
        ("PagerDuty", ["pagerduty_", "rate_share", "incidents_interval", "on_call_", "services_interval"]),
        ("Facts and sessions", ["max_staleness", "session_", "mapping_", "expiring_", "require_watcher"]),
        ("Secrets", ["encryption_"]),
        ("Decision log", ["decision_log", "decision_log_"]),
        ("Limits", ["max_", "keep_alive_", "min_data_rate"]),
        ("Log", ["log_"]),
    ];

    /// <summary>The default as its description gives it.</summary>
    public static string? DefaultOf(OptionKey key) => DefaultText().Match(key.Description) is { Success: true } found ? found.Groups[1].Value : null;

    /// <summary>The page below <see cref="Begin"/>.</summary>
    public static string Render(IReadOnlyList<OptionKey> keys)
    {
        var page = new StringBuilder();
        var titles = Sections.Select(s => s.Title).ToList();
        foreach (var section in keys.GroupBy(SectionOf).OrderBy(g => titles.IndexOf(g.Key) is var at and >= 0 ? at : int.MaxValue))
        {
            page.Append('\n').Append("## ").Append(section.Key).Append('\n');
            foreach (var key in section)
            {
                page.Append($"\n### `{key.Name}`\n\n{Sentence(key)}\n\n");
                page.Append($"`{key.Argument} {key.Value}` · `{key.Variable}`");
                page.Append(DefaultOf(key) is { } value ? $" · default {(IsValue(value) ? $"`{value}`" : value)}" : " · not set by default");
                page.Append(key.Range is { } range ? $" · from `{range.Least}` to `{range.Most}`\n" : "\n");
            }
        }

        return page.ToString();
    }

    /// <summary>The section: by the longest prefix that fits; an option that nobody thought of here has one of its own first word.</summary>
    private static string SectionOf(OptionKey key)
    {
        var fits = Sections
            .SelectMany(s => s.Prefixes.Select(p => (s.Title, Prefix: p)))
            .Where(s => s.Prefix == key.Name || (s.Prefix.EndsWith('_') && key.Name.StartsWith(s.Prefix, StringComparison.Ordinal)))
            .OrderByDescending(s => s.Prefix == key.Name ? int.MaxValue : s.Prefix.Length).Select(s => s.Title).FirstOrDefault();
        var word = key.Name.Split('_')[0];
        return fits ?? char.ToUpperInvariant(word[0]) + word[1..];
    }

    private static string Sentence(OptionKey key)
    {
        var text = DefaultText().Replace(key.Description, "").Trim().Replace("<", "&lt;", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal);
        return char.ToUpperInvariant(text[0]) + text[1..] + ".";
    }

    private static bool IsValue(string text) => !text.Contains(' ', StringComparison.Ordinal);

    [GeneratedRegex(@" ?\(default: ([^)]*)\)")]
    private static partial Regex DefaultText();
}
