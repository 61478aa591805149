using System.Collections.Frozen;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>A policy's <c>who</c>, ready to be evaluated: any entry that matches is enough.</summary>
public sealed class CompiledWho
{
    private readonly FrozenSet<string> _emails;
    private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> _domains;
    private readonly FrozenSet<string> _groups;
    private readonly FrozenSet<string> _serviceAccounts;

    private CompiledWho(WhoCondition source)
    {
        _emails = source.Email.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        _domains = source.Domain.Select(d => d.TrimStart('@')).ToFrozenSet(StringComparer.OrdinalIgnoreCase)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        _groups = source.Group.ToFrozenSet(StringComparer.Ordinal);
        _serviceAccounts = source.ServiceAccount.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Compiles; null when nothing is restricted.</summary>
    public static CompiledWho? From(WhoCondition? source) =>
        source is null || source.Email.Count + source.Domain.Count + source.Group.Count + source.ServiceAccount.Count == 0
            ? null
            : new CompiledWho(source);

    /// <summary>Whether somebody matches.</summary>
    public bool Matches(string userEmail, string serviceAccount, IReadOnlyList<string>? groups)
    {
        if (userEmail.Length > 0)
        {
            if (_emails.Contains(userEmail))
            {
                return true;
            }

            var at = userEmail.LastIndexOf('@');
            if (at >= 0 && _domains.Contains(userEmail.AsSpan(at + 1)))
            {
                return true;
            }
        }

        if (serviceAccount.Length > 0 && _serviceAccounts.Contains(serviceAccount))
        {
            return true;
        }

        for (var i = 0; groups is not null && i < groups.Count; i++)
        {
            if (_groups.Contains(groups[i]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a user may match by e-mail alone: what a list of eligible users can be narrowed by.</summary>
    public bool CouldMatchUser(string userEmail) => _groups.Count > 0 || Matches(userEmail, "", null);
}
