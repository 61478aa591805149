using System.Buffers.Text;
using System.Text;
using Border0.PdSidecar.Engine.Validation;

namespace Border0.PdSidecar.Rpc;

/// <summary>Pages of a list that is ordered by a text: the token is the last item's, opaque to the caller.</summary>
internal static class PageTokens
{
    /// <summary>Reads size and token.</summary>
    public static (int Size, string After) Read(int pageSize, string pageToken, int usual, int most)
    {
        var found = new FieldViolations();
        if (pageSize < 0 || pageSize > most)
        {
            found.Add("page_size", $"must be from 0 to {most}");
        }

        var after = "";
        if (pageToken.Length > 0)
        {
            try
            {
                after = pageToken.Length <= 2048 && pageToken.StartsWith("p1", StringComparison.Ordinal)
                    ? new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Base64Url.DecodeFromChars(pageToken.AsSpan(2)))
                    : throw new FormatException();
            }
            catch (Exception e) when (e is FormatException or ArgumentException)
            {
                found.Add("page_token", "is not one that a previous page gave");
            }
        }

        return found.None ? (pageSize == 0 ? usual : pageSize, after) : throw RpcErrors.Invalid(found);
    }

    /// <summary>The token for what comes after a text.</summary>
    public static string For(string after) => "p1" + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(after));

    /// <summary>Cuts a page out of an ordered list.</summary>
    public static (IReadOnlyList<T> Page, string Next) Cut<T>(IEnumerable<T> ordered, Func<T, string> key, int size, string after)
    {
        var page = ordered.Where(i => after.Length == 0 || string.CompareOrdinal(key(i), after) > 0)
            .OrderBy(key, StringComparer.Ordinal).Take(size + 1).ToList();
        return page.Count <= size ? (page, "") : (page[..size], For(key(page[size - 1])));
    }
}
