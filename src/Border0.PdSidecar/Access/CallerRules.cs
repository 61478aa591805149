using System.Diagnostics.CodeAnalysis;

namespace Border0.PdSidecar.Access;

/// <summary>
/// Who has which roles, as configuration says it: "NAME=ROLE+ROLE:CONNECTOR, NAME=ROLE". The first rule that a caller has a name for
/// decides.
/// </summary>
/// <param name="Rules">The rules, in order.</param>
public sealed record CallerRules(IReadOnlyList<CallerRule> Rules)
{
    /// <summary>No rules.</summary>
    public static CallerRules None { get; } = new([]);

    /// <summary>Reads rules that are separated by commas.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out CallerRules? rules)
    {
        rules = null;
        var read = new List<CallerRule>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!CallerRule.TryRead(part, out var rule))
            {
                return false;
            }

            read.Add(rule);
        }

        rules = new CallerRules(read);
        return true;
    }

    /// <summary>What the first rule that fits gives.</summary>
    /// <param name="names">The caller's names.</param>
    /// <returns>The name that it was found by, its roles and its connector id; null when no rule fits.</returns>
    public (string Name, Roles Roles, string? ConnectorId)? Find(IEnumerable<string> names)
    {
        var all = names.ToList();
        foreach (var rule in Rules)
        {
            foreach (var name in all)
            {
                if (rule.Fits(name, out var connector))
                {
                    return (name, rule.Roles, connector);
                }
            }
        }

        return null;
    }
}
