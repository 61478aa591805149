using System.Collections.Frozen;
using System.Collections.Immutable;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>A policy, ready to be evaluated. Immutable.</summary>
public sealed class CompiledPolicy
{
    private readonly FrozenSet<string> _sockets;

    /// <summary>Compiles a policy that has passed validation.</summary>
    /// <param name="source">The policy; not to be written to afterwards.</param>
    /// <param name="integrations">Looks an integration's settings up; null when there is none of that name.</param>
    public CompiledPolicy(Policy source, Func<IntegrationKey, IntegrationSettings?> integrations)
    {
        Source = source;
        _sockets = source.SocketIds.ToFrozenSet(StringComparer.Ordinal);
        Who = CompiledWho.From(source.Condition?.Who);
        Where = CompiledWhere.From(source.Condition?.Where);
        When = Window(source.Condition?.When);
        Grants = new CompiledGrants(source);
        RevocationGrace = source.RevocationGrace?.ToTimeSpan() ?? TimeSpan.Zero;
        Conditions =
        [
            .. source.Integrations.Select((c, i) =>
            {
                var key = new IntegrationKey(source.OrganizationId, c.IntegrationName);
                return new CompiledCondition(i, c, key, integrations(key));
            }),
        ];
        HasShadow = Conditions.Any(c => c.Shadow);
    }

    /// <summary>The policy as it is stored.</summary>
    public Policy Source { get; }

    /// <summary>The policy's name.</summary>
    public string Name => Source.Name;

    /// <summary>Who; null for anybody.</summary>
    public CompiledWho? Who { get; }

    /// <summary>Where from; null for anywhere.</summary>
    public CompiledWhere? Where { get; }

    /// <summary>When; null for always.</summary>
    public WhenWindow? When { get; }

    /// <summary>The PagerDuty conditions.</summary>
    public ImmutableArray<CompiledCondition> Conditions { get; }

    /// <summary>Whether some of the conditions are only watched.</summary>
    public bool HasShadow { get; }

    /// <summary>What is granted.</summary>
    public CompiledGrants Grants { get; }

    /// <summary>How long a session may go on once the policy no longer grants it.</summary>
    public TimeSpan RevocationGrace { get; }

    /// <summary>Whether the policy is attached to a socket.</summary>
    public bool IsAttachedTo(string socketId) => _sockets.Contains(socketId);

    /// <summary>Whether the policy reaches a socket at all.</summary>
    public bool Reaches(string socketId, IReadOnlyDictionary<string, string>? tags) =>
        Source.OrgWide || IsAttachedTo(socketId) || FirstMatchingTagRule(tags) >= 0;

    /// <summary>The index of the first tag rule whose tags are all there; -1 for none.</summary>
    public int FirstMatchingTagRule(IReadOnlyDictionary<string, string>? tags)
    {
        if (tags is null)
        {
            return -1;
        }

        for (var i = 0; i < Source.TagRules.Count; i++)
        {
            if (Matches(Source.TagRules[i], tags))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Whether compiling <paramref name="source"/> would give the same again.</summary>
    public bool IsStill(Policy source, Func<IntegrationKey, IntegrationSettings?> integrations)
    {
        if (source.Etag.Length == 0 || source.Etag != Source.Etag || source.OrganizationId != Source.OrganizationId)
        {
            return false;
        }

        foreach (var condition in Conditions)
        {
            if (integrations(condition.Service.Integration) != condition.Settings)
            {
                return false;
            }
        }

        return true;
    }

    private static bool Matches(TagRule rule, IReadOnlyDictionary<string, string> tags)
    {
        foreach (var (key, value) in rule.Tags)
        {
            if (!tags.TryGetValue(key, out var actual) || actual != value)
            {
                return false;
            }
        }

        return rule.Tags.Count > 0;
    }

    private static WhenWindow? Window(WhenCondition? source)
    {
        if (source is null || (source.After is null && source.Before is null && source.TimeOfDayAfter == "" && source.TimeOfDayBefore == ""))
        {
            return null;
        }

        var from = TimeOfDayBound.TryParse(source.TimeOfDayAfter, out var after) ? after : (TimeOfDayBound?)null;
        var to = TimeOfDayBound.TryParse(source.TimeOfDayBefore, out var before) ? before : (TimeOfDayBound?)null;
        var zoneId = source.TimeZone != "" ? source.TimeZone : from?.ZoneId ?? to?.ZoneId ?? "UTC";
        var zone = TimeOfDayBound.TryFindZone(zoneId, out var found)
            ? found
            : throw new FormatException($"time zone {zoneId} is not known on this machine");
        return new WhenWindow(source.After?.ToDateTimeOffset(), source.Before?.ToDateTimeOffset(), from?.Time, to?.Time, zone);
    }
}
