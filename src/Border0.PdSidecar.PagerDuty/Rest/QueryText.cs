using System.Collections.Immutable;
using System.Text;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>Writes a query; a filter of several values repeats its key (PagerDuty's "Filtering").</summary>
internal sealed class QueryText(string path)
{
    private readonly StringBuilder _text = new(path);
    private char _separator = path.Contains('?') ? '&' : '?';

    public QueryText Add(string key, string value)
    {
        _text.Append(_separator).Append(Uri.EscapeDataString(key)).Append('=').Append(Uri.EscapeDataString(value));
        _separator = '&';
        return this;
    }

    public QueryText AddAll(string key, ImmutableArray<string> values)
    {
        foreach (var value in values)
        {
            Add(key, value);
        }

        return this;
    }

    public override string ToString() => _text.ToString();

    /// <summary>Splits ids so that no URL gets longer than <paramref name="maxLength"/>.</summary>
    public static IReadOnlyList<ImmutableArray<string>> Batches(string key, IEnumerable<string> ids, int maxLength)
    {
        // What comes before the ids (address, path, other filters) stays below this.
        const int RestOfUrl = 500;
        var batches = new List<ImmutableArray<string>>();
        var batch = ImmutableArray.CreateBuilder<string>();
        var length = 0;
        foreach (var id in ids)
        {
            var cost = Uri.EscapeDataString(key).Length + Uri.EscapeDataString(id).Length + 2;
            if (batch.Count > 0 && length + cost > maxLength - RestOfUrl)
            {
                batches.Add(batch.ToImmutable());
                batch.Clear();
                length = 0;
            }

            batch.Add(id);
            length += cost;
        }

        if (batch.Count > 0)
        {
            batches.Add(batch.ToImmutable());
        }

        return batches;
    }
}
