using System.Collections.Immutable;

namespace Border0.PdSidecar.Fleet.Facts;

/// <summary>
/// Says of many facts when each was so, in few words: facts of about the same instant share one, which is the oldest of theirs, so that
/// none seems younger than it is; and the largest group is named by naming the others.
/// </summary>
internal static class ConfirmedGroups
{
    /// <summary>How much older a fact may seem than it is. Batches of one refresh are asked for one after the other.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    /// <summary>Groups facts.</summary>
    /// <param name="facts">Each with its instant and, of on-call shifts, how far ahead it is known. None: a group of nothing.</param>
    public static ImmutableArray<ConfirmedGroup> Of(IEnumerable<(string Id, DateTimeOffset AsOf, DateTimeOffset? KnownUntil)> facts)
    {
        var groups = new List<List<(string Id, DateTimeOffset AsOf, DateTimeOffset? KnownUntil)>>();
        foreach (var fact in facts.OrderByDescending(f => f.AsOf).ThenBy(f => f.Id, StringComparer.Ordinal))
        {
            if (groups.Count == 0 || groups[^1][0].AsOf - fact.AsOf > Tolerance)
            {
                groups.Add([]);
            }

            groups[^1].Add(fact);
        }

        if (groups.Count == 0)
        {
            return [new ConfirmedGroup(DateTimeOffset.MinValue, null, [])];
        }

        var rest = groups.MaxBy(g => g.Count)!;
        return [Named(rest, []), .. groups.Where(g => g != rest).Select(g => Named(g, [.. g.Select(f => f.Id)]))];
    }

    private static ConfirmedGroup Named(List<(string Id, DateTimeOffset AsOf, DateTimeOffset? KnownUntil)> facts, ImmutableArray<string> ids) =>
        new(facts.Min(f => f.AsOf), facts.Min(f => f.KnownUntil), ids);
}
