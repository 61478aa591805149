using System.Collections.Concurrent;
using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>
/// Adds up what several policies grant, and remembers the sums: the same policies grant together again and again, and a
/// decision then allocates nothing. Bounded; past the bound a sum is made anew each time.
/// </summary>
internal sealed class GrantUnions
{
    private const int Most = 4096;
    private readonly ConcurrentDictionary<(GrantSet, GrantSet), GrantSet> _known = new();

    /// <summary>Both together.</summary>
    public GrantSet Of(GrantSet left, GrantSet right)
    {
        if (!left.Any)
        {
            return right;
        }

        if (!right.Any || ReferenceEquals(left, right))
        {
            return left;
        }

        if (_known.TryGetValue((left, right), out var known))
        {
            return known;
        }

        var union = Add(left, right);
        return _known.Count < Most ? _known.GetOrAdd((left, right), union) : union;
    }

    private static GrantSet Add(GrantSet left, GrantSet right)
    {
        var actions = left.Actions.ToImmutableDictionary(StringComparer.Ordinal).ToBuilder();
        foreach (var (type, list) in right.Actions)
        {
            actions[type] = actions.TryGetValue(type, out var known)
                ? new ActionList { Values = { known.Values.Union(list.Values, StringComparer.Ordinal) } }
                : list;
        }

        var permissions = left.Permissions.ToImmutableDictionary(StringComparer.Ordinal).ToBuilder();
        foreach (var (type, list) in right.Permissions)
        {
            permissions[type] = permissions.TryGetValue(type, out var known)
                ? new PermissionList { Grants = { known.Grants.Union(list.Grants) } }
                : list;
        }

        return new GrantSet
        {
            Actions = actions.ToImmutable(),
            Permissions = permissions.ToImmutable(),
            PolicyNames = [.. left.PolicyNames.Union(right.PolicyNames).Order(StringComparer.OrdinalIgnoreCase)],
        };
    }
}
