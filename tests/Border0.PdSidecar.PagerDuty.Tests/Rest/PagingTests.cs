using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Tests.Fakes;

namespace Border0.PdSidecar.PagerDuty.Tests.Rest;

public class PagingTests
{
    [Theory]
    [InlineData(100, 250, true)]
    [InlineData(25, 130, true)]
    [InlineData(100, 200, false)]
    [InlineData(100, 0, true)]
    public async Task Every_page_is_read(int serverLimit, int count, bool saysMore)
    {
        var handler = Incidents(count, serverLimit, saysMore);

        var result = await Clients.Of(handler).ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        Assert.Equal(count, result.Value!.Facts[0].Open.Length);
        Assert.All(handler.Requests, r => Assert.Equal("100", Assert.Single(ScriptedHandler.Query(r, "limit"))));
    }

    [Fact]
    public async Task An_empty_page_that_promises_more_ends_the_list()
    {
        var handler = new ScriptedHandler(_ => ScriptedHandler.Json("""{"incidents":[],"more":true}"""));

        var result = await Clients.Of(handler).ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        Assert.True(result.IsOk);
        Assert.Single(handler.Requests);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30_000)]
    public async Task A_list_that_does_not_end_is_given_up(int rows)
    {
        var page = $$"""{"incidents":[{{string.Join(',', Enumerable.Repeat(Incident("Q1"), rows))}}],"more":true}""";
        var handler = new ScriptedHandler(_ => ScriptedHandler.Json(page));
        var time = Clients.Clock();
        time.AutoAdvanceAmount = TimeSpan.FromSeconds(1);

        var result = await Clients.Of(handler, time).ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        Assert.Equal(PagerDutyOutcome.Invalid, result.Outcome);
        Assert.InRange(handler.Requests.Count, 1, Paging.MaxPages);
    }

    [Fact]
    public async Task A_row_that_shifts_into_the_next_page_counts_once()
    {
        var page = 0;
        var handler = new ScriptedHandler(_ => ScriptedHandler.Json(page++ == 0
            ? $$"""{"incidents":[{{Incident("Q1")}},{{Incident("Q2")}}],"more":true}"""
            : $$"""{"incidents":[{{Incident("Q2")}},{{Incident("Q3")}}],"more":false}"""));

        var result = await Clients.Of(handler).ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        Assert.Equal(["Q1", "Q2", "Q3"], result.Value!.Facts[0].Open.Select(i => i.Id));
    }

    [Fact]
    public async Task A_page_whose_rows_come_twice_leaves_none_out()
    {
        var handler = new ScriptedHandler(request =>
        {
            var offset = int.Parse(ScriptedHandler.Query(request, "offset")[0]);
            var page = Enumerable.Range(offset, 100).Where(i => i < 250).Select(i => Incident($"Q{i:D5}")).ToList();
            return ScriptedHandler.Json(
                $$"""{"incidents":[{{string.Join(',', offset == 0 ? page.Concat(page) : page)}}],"more":{{(offset < 150 ? "true" : "false")}}}""");
        });

        var result = await Clients.Of(handler).ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        Assert.Equal(250, result.Value!.Facts[0].Open.Length);
    }

    [Fact]
    public async Task A_page_that_fails_fails_the_list()
    {
        var page = 0;
        var handler = new ScriptedHandler(_ => page++ == 0
            ? ScriptedHandler.Json($$"""{"incidents":[{{Incident("Q1")}}],"more":true}""")
            : ScriptedHandler.Json("""{"incidents":"""));

        var result = await Clients.Of(handler).ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        Assert.False(result.IsOk);
        Assert.Null(result.Value);
    }

    [Fact]
    public async Task A_list_beyond_10000_rows_is_split_by_ids()
    {
        // PagerDuty answers 400 when offset + limit is above 10,000.
        var handler = new ScriptedHandler(request =>
        {
            var offset = int.Parse(ScriptedHandler.Query(request, "offset")[0]);
            Assert.True(offset + 100 <= 10_000);
            var services = ScriptedHandler.Query(request, "service_ids[]");
            var rows = services.SelectMany(s => Enumerable.Range(0, 6000).Select(i => Incident($"Q{s}{i:D5}", s)));
            var page = rows.Skip(offset).Take(100).ToList();
            return ScriptedHandler.Json(
                $$"""{"incidents":[{{string.Join(',', page)}}],"more":{{(offset + 100 < services.Count * 6000 ? "true" : "false")}}}""");
        });

        var result = await Clients.Of(handler, options: Clients.NoRetries with { RateShare = 1 }, time: TimeProvider.System)
            .ListOpenIncidentsAsync(["PS1", "PS2"], RequestPriority.OnDemand, default);

        Assert.Equal([6000, 6000], result.Value!.Facts.Select(f => f.Open.Length));
    }

    [Fact]
    public void Long_lists_of_ids_are_split_below_8_KB()
    {
        var client = Clients.Answering("{}");
        var ids = Enumerable.Range(0, 3000).Select(i => $"P{i:D6}").ToList();

        foreach (var batches in new[] { client.IncidentBatches(ids), client.OnCallBatches(ids) })
        {
            Assert.Equal(ids, batches.SelectMany(b => b));
            Assert.All(batches, b => Assert.InRange(b.Sum(id => "escalation_policy_ids%5B%5D".Length + id.Length + 2), 1, 11_000));
            Assert.True(batches.Count > 5);
        }
    }

    [Fact]
    public async Task No_url_is_longer_than_8_KB()
    {
        var handler = new ScriptedHandler(_ => ScriptedHandler.Json("""{"incidents":[],"oncalls":[]}"""));
        var client = Clients.Of(handler);
        var ids = Enumerable.Range(0, 2000).Select(i => $"P{i:D13}").ToList();
        foreach (var batch in client.IncidentBatches(ids))
        {
            await client.ListOpenIncidentsAsync(batch, RequestPriority.OnDemand, default);
        }

        foreach (var batch in client.OnCallBatches(ids))
        {
            await client.ListOnCallsAsync(
                batch, new Dictionary<string, string>(), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, RequestPriority.OnDemand, default);
        }

        Assert.All(handler.Requests, r => Assert.InRange(r.RequestUri!.AbsoluteUri.Length, 1, 8191));
    }

    private static string Incident(string id, string service = "PS1") =>
        $$$"""{"id":"{{{id}}}","status":"triggered","service":{"id":"{{{service}}}"}}""";

    private static ScriptedHandler Incidents(int count, int serverLimit, bool saysMore) => new(request =>
    {
        var offset = int.Parse(ScriptedHandler.Query(request, "offset")[0]);
        var rows = Enumerable.Range(offset, Math.Max(0, Math.Min(serverLimit, count - offset))).Select(i => Incident($"Q{i:D5}"));
        var more = saysMore ? $",\"more\":{(offset + serverLimit < count ? "true" : "false")}" : "";
        return ScriptedHandler.Json($$"""{"incidents":[{{string.Join(',', rows)}}],"limit":{{serverLimit}}{{more}}}""");
    });
}
