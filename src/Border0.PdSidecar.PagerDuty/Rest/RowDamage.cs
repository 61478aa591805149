using System.Collections.Immutable;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>Keeps account of what an answer's damaged rows were about.</summary>
/// <param name="what">What a row is, for people.</param>
internal sealed class RowDamage(string what)
{
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private int _rows;
    private bool _ofAnything;

    /// <summary>Counts a damaged row.</summary>
    /// <param name="id">What it is about; null when even that cannot be told, so that it may be about anything.</param>
    public void Of(string? id)
    {
        _rows++;
        if (id is { Length: > 0 })
        {
            _ids.Add(id);
        }
        else
        {
            _ofAnything = true;
        }
    }

    /// <summary>The facts about what no damaged row is about.</summary>
    public Fetched<T> Leave<T>(ImmutableArray<string> asked, int requests, Func<string, T> facts)
    {
        var left = _ofAnything ? [] : asked.Where(id => !_ids.Contains(id)).ToList();
        return new Fetched<T>([.. left.Select(facts)], requests)
        {
            Damage = left.Count < asked.Length
                ? $"PagerDuty's answer has {_rows} rows that lack what {what} must have; nothing is taken from it about {Named(asked.Except(left))}."
                : "",
        };
    }

    private static string Named(IEnumerable<string> ids)
    {
        var all = ids.ToList();
        return all.Count <= 3 ? string.Join(", ", all) : $"{string.Join(", ", all.Take(3))} and {all.Count - 3} more";
    }
}
