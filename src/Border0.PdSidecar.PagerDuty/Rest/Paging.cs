using System.Text.Json.Serialization.Metadata;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest.Wire;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>All rows of a list.</summary>
/// <param name="Rows">As they came; a row may come twice, when rows shift between pages. Null: a row that was null.</param>
/// <param name="Complete">False when PagerDuty has more than it hands out by offset (10,000).</param>
/// <param name="Pages">Pages read.</param>
internal sealed record PagedRows<T>(IReadOnlyList<T?> Rows, bool Complete, int Pages)
    where T : class;

/// <summary>Reads lists page by page (PagerDuty's classic pagination).</summary>
internal static class Paging
{
    /// <summary>Rows per page: PagerDuty's maximum. Its default of 25 has made many a client miss the rest.</summary>
    public const int Limit = 100;

    /// <summary>PagerDuty answers 400 when offset + limit is above this.</summary>
    public const int MaxOffsetAndLimit = 10_000;

    /// <summary>Pages of one list: as many as it has with PagerDuty's smallest page, the 25 rows of a request that states no limit.</summary>
    public const int MaxPages = MaxOffsetAndLimit / 25;

    /// <summary>Reads every page; a page that fails fails the list.</summary>
    public static async Task<PagerDutyResult<PagedRows<TRow>>> GetAllAsync<TPage, TRow>(
        this PagerDutyTransport transport,
        string path,
        JsonTypeInfo<TPage> type,
        RequestLane lane,
        RequestPriority priority,
        CancellationToken cancellation)
        where TPage : class, IWirePage<TRow>
        where TRow : class
    {
        var rows = new List<TRow?>();
        var offset = 0;
        var pages = 0;
        DateTimeOffset? asOf = null;
        while (true)
        {
            var page = new QueryText(path).Add("limit", $"{Limit}").Add("offset", $"{offset}").ToString();
            var result = await transport.GetAsync(page, type, lane, priority, cancellation);
            var since = asOf ??= result.AsOf;
            pages++;
            if (!result.IsOk)
            {
                return result.As<PagedRows<TRow>>();
            }

            if (result.Value.Rows is not { } got)
            {
                return PagerDutyResult<PagedRows<TRow>>.Failed(
                    PagerDutyOutcome.Invalid, "PagerDuty's answer lacks the list that was asked for.", since);
            }

            rows.AddRange(got);
            // An empty page ends the list even when it says that there is more: asking on would never end. The rows that
            // came are counted, not the limit, since the server may hand out less than asked for.
            if (got.Count == 0 || !(result.Value.More ?? got.Count >= Limit))
            {
                return PagerDutyResult<PagedRows<TRow>>.Ok(new PagedRows<TRow>(rows, true, pages), since);
            }

            // One row a page would cost a minute's requests for each hundred rows, and a page of millions what memory there is.
            if (pages == MaxPages || rows.Count > 2 * MaxOffsetAndLimit)
            {
                return PagerDutyResult<PagedRows<TRow>>.Failed(
                    PagerDutyOutcome.Invalid, $"PagerDuty's list does not end: {rows.Count} rows on {pages} pages, and more.", since);
            }

            // More rows than asked for are rows that came twice; to step over as many would leave rows out.
            offset += Math.Min(got.Count, Limit);
            if (offset + Limit > MaxOffsetAndLimit)
            {
                return PagerDutyResult<PagedRows<TRow>>.Ok(new PagedRows<TRow>(rows, false, pages), since);
            }
        }
    }
}
