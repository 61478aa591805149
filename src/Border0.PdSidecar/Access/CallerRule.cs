using System.Diagnostics.CodeAnalysis;

namespace Border0.PdSidecar.Access;

/// <summary>Which roles a caller of a name has.</summary>
/// <param name="Pattern">The name; one "*" in it stands for one or more characters but "/", and but "." in a DNS name.</param>
/// <param name="Roles">The roles.</param>
/// <param name="ConnectorId">The only connector id that it may use: "*" for what the pattern's "*" stands for, null for any.</param>
public sealed record CallerRule(string Pattern, Roles Roles, string? ConnectorId)
{
    /// <summary>Reads "NAME=ROLE+ROLE" or "NAME=connector:CONNECTOR".</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out CallerRule? rule)
    {
        rule = null;
        var equals = text.LastIndexOf('=');
        if (equals <= 0 || text.AsSpan(0, equals).Count('*') > 1)
        {
            return false;
        }

        var given = text[(equals + 1)..].Split(':', 2);
        var roles = Roles.None;
        foreach (var name in given[0].Split('+'))
        {
            if (!RoleNames.TryRead(name, out var role))
            {
                return false;
            }

            roles |= role;
        }

        var connector = given.Length == 2 ? given[1] : null;
        if (connector is not null
            && (connector.Length is 0 or > 256 || !roles.HasFlag(Roles.Connector) || (connector == "*" && !text.AsSpan(0, equals).Contains('*'))))
        {
            return false;
        }

        // A DNS name is the same in capitals; certificates' are compared in small letters.
        rule = new CallerRule(text.StartsWith("dns:", StringComparison.Ordinal) ? text[..equals].ToLowerInvariant() : text[..equals], roles, connector);
        return true;
    }

    /// <summary>Whether a name fits, and for which connector it then is.</summary>
    public bool Fits(string name, out string? connector)
    {
        connector = ConnectorId;
        var star = Pattern.IndexOf('*');
        if (star < 0)
        {
            return name == Pattern;
        }

        if (name.Length < Pattern.Length || !name.StartsWith(Pattern[..star], StringComparison.Ordinal) || !name.EndsWith(Pattern[(star + 1)..], StringComparison.Ordinal))
        {
            return false;
        }

        var stands = name[star..(name.Length - (Pattern.Length - star - 1))];
        connector = ConnectorId == "*" ? stands : ConnectorId;
        return !stands.Contains('/') && !(name.StartsWith("dns:", StringComparison.Ordinal) && stands.Contains('.')) && stands.Length <= 256;
    }
}
