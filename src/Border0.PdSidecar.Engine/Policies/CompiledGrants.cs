using System.Collections.Frozen;
using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>What a policy grants, by socket type.</summary>
public sealed class CompiledGrants
{
    private const string AnyType = "*";
    private const string DurationKey = "max_session_duration_seconds";

    private readonly FrozenDictionary<string, TypeGrant> _byType;
    private readonly TypeGrant? _anyType;
    private readonly TypeGrant? _everything;

    internal CompiledGrants(Policy policy)
    {
        var types = policy.Actions.Keys.Concat(policy.Permissions.Keys).Select(t => t.ToLowerInvariant())
            .Where(t => t != AnyType).Distinct(StringComparer.Ordinal);
        _byType = types.Select(t => (Type: t, Grant: Of(policy, t))).Where(g => g.Grant is not null)
            .ToFrozenDictionary(g => g.Type, g => g.Grant!, StringComparer.OrdinalIgnoreCase);
        _anyType = Of(policy, AnyType);
        _everything = Of(policy, null);
    }

    /// <summary>Whether anything is granted for any type.</summary>
    public bool Any => _everything is not null;

    /// <summary>What is granted for a socket type; null for nothing. An empty type asks for whatever is granted at all.</summary>
    public TypeGrant? For(string socketType)
    {
        if (socketType.Length == 0)
        {
            return _everything;
        }

        return _byType.TryGetValue(socketType, out var grant) ? grant : _anyType;
    }

    /// <param name="policy">The policy.</param>
    /// <param name="type">A socket type, "*" for what is granted to every type only, null for everything.</param>
    private static TypeGrant? Of(Policy policy, string? type)
    {
        var actions = ImmutableDictionary.CreateBuilder<string, ActionList>(StringComparer.Ordinal);
        foreach (var (key, list) in policy.Actions)
        {
            if (list.Values.Count > 0 && (type is null || key == AnyType || key.Equals(type, StringComparison.OrdinalIgnoreCase)))
            {
                actions[key] = list;
            }
        }

        var permissions = ImmutableDictionary.CreateBuilder<string, PermissionList>(StringComparer.Ordinal);
        TimeSpan? longest = null;
        foreach (var (key, granted) in policy.Permissions)
        {
            if (type is null || key.Equals(type, StringComparison.OrdinalIgnoreCase))
            {
                permissions[key] = new PermissionList { Grants = { granted } };
                longest = LongestSession(granted) ?? longest;
            }
        }

        if (actions.Count == 0 && permissions.Count == 0)
        {
            return null;
        }

        var ofPolicy = policy.MaxSessionDuration is { } duration && duration.ToTimeSpan() > TimeSpan.Zero ? duration.ToTimeSpan() : (TimeSpan?)null;
        // Actions of the same policy are not bounded by what one type's permissions say of themselves, but a session is one
        // thing: the smaller bound counts.
        var bound = type is null ? ofPolicy : ofPolicy is { } p && longest is { } l ? (p < l ? p : l) : ofPolicy ?? longest;
        return new TypeGrant(
            new GrantSet { Actions = actions.ToImmutable(), Permissions = permissions.ToImmutable(), PolicyNames = [policy.Name] }, bound);
    }

    /// <summary>Border0's v2 permissions bound a session inside the type's own object.</summary>
    private static TimeSpan? LongestSession(Struct granted) =>
        granted.Fields.TryGetValue(DurationKey, out var value) && value.KindCase == Value.KindOneofCase.NumberValue && value.NumberValue > 0
            ? TimeSpan.FromSeconds(Math.Min(value.NumberValue, TimeSpan.FromDays(365).TotalSeconds))
            : null;

    /// <summary>What is granted for one socket type.</summary>
    /// <param name="Grants">The actions and permissions.</param>
    /// <param name="MaxSessionDuration">How long one session may last; null for no bound.</param>
    public sealed record TypeGrant(GrantSet Grants, TimeSpan? MaxSessionDuration);
}
