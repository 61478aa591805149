using System.Net;
using System.Text.Json;
using Border0.PdSidecar.Simulator.Faults;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Simulator.Tests;

/// <summary>The REST paths as PagerDuty's description and its users know them.</summary>
public sealed class RestTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 6, 15, 12, 0, 0, TimeSpan.Zero));
    private static readonly HttpClient Http = new();
    private DemoAccount _demo = null!;
    private SimulatorServer _server = null!;

    public async Task InitializeAsync()
    {
        _demo = new DemoAccount(_time);
        _server = await SimulatorServer.StartAsync(_demo.Account);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task OnCalls_AreThoseOfNow_WithUsersExpandedOnRequest()
    {
        var plain = await GetAsync($"/oncalls?escalation_policy_ids[]={_demo.Payments.EscalationPolicy.Id}");
        var full = await GetAsync($"/oncalls?include[]=users&escalation_policy_ids[]={_demo.Payments.EscalationPolicy.Id}");

        var first = plain.GetProperty("oncalls")[0];
        Assert.Equal("user_reference", first.GetProperty("user").GetProperty("type").GetString());
        Assert.False(first.GetProperty("user").TryGetProperty("email", out _));
        Assert.Equal("alice@example.com", full.GetProperty("oncalls")[0].GetProperty("user").GetProperty("email").GetString());
        var direct = plain.GetProperty("oncalls")[1];
        Assert.All(["schedule", "start", "end"], f => Assert.Equal(JsonValueKind.Null, direct.GetProperty(f).ValueKind));
        Assert.Equal(2, direct.GetProperty("escalation_level").GetInt32());
    }

    [Fact]
    public async Task OnCalls_AheadOfNow_TellTheHandOver_AndOverridesCutShifts()
    {
        _demo.Account.AddOverride(_demo.Schedule, _demo.Bob, _time.GetUtcNow().AddHours(1), _time.GetUtcNow().AddHours(2));
        var list = await GetAsync($"/oncalls?include[]=users&schedule_ids[]={_demo.Schedule.Id}&since=2026-06-15T12:00:00Z&until=2026-06-15T21:00:00Z");

        Assert.Equal(
            ["alice@example.com 13:00", "bob@example.com 14:00", "alice@example.com 20:00", "bob@example.com 08:00"],
            list.GetProperty("oncalls").EnumerateArray().OrderBy(o => o.GetProperty("start").GetDateTimeOffset())
                .Select(o => $"{o.GetProperty("user").GetProperty("email").GetString()} {o.GetProperty("end").GetDateTimeOffset():HH:mm}"));
    }

    [Fact]
    public async Task OnCalls_AtTheSecondOfTheHandOver_AreTheNextOnes()
    {
        _time.Advance(_demo.HandOver - _time.GetUtcNow());
        var list = await GetAsync($"/oncalls?include[]=users&schedule_ids[]={_demo.Schedule.Id}");

        Assert.Equal("bob@example.com", Assert.Single(list.GetProperty("oncalls").EnumerateArray()).GetProperty("user").GetProperty("email").GetString());
    }

    [Fact]
    public async Task Incidents_OlderThanAMonth_AreListedForDateRangeAllOnly()
    {
        _demo.Account.TriggerIncident(_demo.Payments, "old", _time.GetUtcNow().AddDays(-40));

        Assert.Empty((await GetAsync("/incidents?statuses[]=triggered")).GetProperty("incidents").EnumerateArray());
        Assert.Single((await GetAsync("/incidents?statuses[]=triggered&date_range=all")).GetProperty("incidents").EnumerateArray());
    }

    [Fact]
    public async Task Incidents_FilterByServiceAndStatus()
    {
        var incident = _demo.Account.TriggerIncident(_demo.Payments, "one");
        _demo.Account.Resolve(_demo.Account.TriggerIncident(_demo.Payments, "two"));
        _demo.Account.TriggerIncident(_demo.Checkout, "three");
        _demo.Account.Acknowledge(incident, _demo.Alice);

        var open = await GetAsync($"/incidents?service_ids[]={_demo.Payments.Id}&statuses[]=triggered&statuses[]=acknowledged&include[]=acknowledgers");

        var only = Assert.Single(open.GetProperty("incidents").EnumerateArray());
        Assert.Equal("acknowledged", only.GetProperty("status").GetString());
        Assert.Equal("alice@example.com", only.GetProperty("acknowledgements")[0].GetProperty("acknowledger").GetProperty("email").GetString());
        Assert.Equal("warning", (await GetAsync($"/services/{_demo.Payments.Id}")).GetProperty("service").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Pages_Have25RowsUnlessAskedOtherwise_AndEndAtTenThousand()
    {
        for (var i = 0; i < 120; i++)
        {
            _demo.Account.AddService($"Service {i}", _demo.Payments.EscalationPolicy);
        }

        var first = await GetAsync("/services");
        var large = await GetAsync("/services?limit=500&offset=100&total=true");

        Assert.Equal((25, true, JsonValueKind.Null), (first.GetProperty("services").GetArrayLength(), first.GetProperty("more").GetBoolean(), first.GetProperty("total").ValueKind));
        Assert.Equal((22, false, 122), (large.GetProperty("services").GetArrayLength(), large.GetProperty("more").GetBoolean(), large.GetProperty("total").GetInt32()));
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync("/services?limit=100&offset=9901")).StatusCode);
    }

    [Theory]
    [InlineData("Token token=wrong", HttpStatusCode.Unauthorized)]
    [InlineData("token=" + DemoAccount.ReadOnlyKey, HttpStatusCode.Unauthorized)]
    [InlineData("", HttpStatusCode.Unauthorized)]
    [InlineData("Token token=" + DemoAccount.ReadOnlyKey, HttpStatusCode.OK)]
    public async Task Key_IsTakenInItsExactFormOnly(string authorization, HttpStatusCode status) =>
        Assert.Equal(status, (await SendAsync("/services", authorization: authorization)).StatusCode);

    [Fact]
    public async Task ReadOnlyKey_MayNotWrite_AndAnAccountsKeyIsNobody()
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("/incidents", HttpMethod.Post)).StatusCode);
        var me = await SendAsync("/users/me");
        Assert.Equal(HttpStatusCode.BadRequest, me.StatusCode);
        Assert.Equal(JsonValueKind.String, (await JsonAsync(me)).GetProperty("error").ValueKind);
        var missing = await SendAsync("/services/PNONE");
        Assert.Equal((HttpStatusCode.NotFound, 2100), (missing.StatusCode, (await JsonAsync(missing)).GetProperty("error").GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task RateLimit_IsTold_AndEndsWithTheMinute()
    {
        _demo.Key.LimitPerMinute = 2;
        var first = await SendAsync("/services");
        await SendAsync("/services");
        var third = await SendAsync("/services");

        Assert.Equal(("2", "1"), (Header(first, "ratelimit-limit"), Header(first, "ratelimit-remaining")));
        Assert.Equal((HttpStatusCode.TooManyRequests, 2020), (third.StatusCode, (await JsonAsync(third)).GetProperty("error").GetProperty("code").GetInt32()));
        _time.Advance(TimeSpan.FromSeconds(int.Parse(Header(third, "ratelimit-reset"), System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("/services")).StatusCode);
    }

    [Fact]
    public async Task DeletedUser_IsABareReference()
    {
        _demo.Account.DeleteUser(_demo.Alice);
        var list = await GetAsync($"/oncalls?include[]=users&schedule_ids[]={_demo.Schedule.Id}");

        var user = Assert.Single(list.GetProperty("oncalls").EnumerateArray()).GetProperty("user");
        Assert.Equal("user_reference", user.GetProperty("type").GetString());
        Assert.False(user.TryGetProperty("email", out _));
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync($"/users/{_demo.Alice.Id}")).StatusCode);
    }

    [Fact]
    public async Task Faults_HitTheRequestsTheyAreFor_AndNoMore()
    {
        _server.Faults.Add(new Fault { Kind = FaultKind.Status, Status = 503, PathPrefix = "/incidents", Remaining = 1 });
        _server.Faults.Add(new Fault { Kind = FaultKind.DuplicateRows, PathPrefix = "/services", Remaining = 1 });

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync("/incidents")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("/incidents")).StatusCode);
        Assert.Equal(4, (await GetAsync("/services")).GetProperty("services").GetArrayLength());
        Assert.Equal(2, (await GetAsync("/services")).GetProperty("services").GetArrayLength());
        Assert.Equal(4, _server.Requests.Count());
    }

    [Fact]
    public async Task ControlSurface_OpensAndResolvesIncidents()
    {
        Assert.Contains("is triggered", await PostAsync("/sim/trigger?service=Payments&title=Down"), StringComparison.Ordinal);
        Assert.Contains("incident 1: Down", await Http.GetStringAsync(new Uri(_server.BaseAddress, "/sim")), StringComparison.Ordinal);
        Assert.Contains("1 incidents resolved", await PostAsync("/sim/resolve"), StringComparison.Ordinal);
        Assert.Equal("resolved", Assert.Single(_demo.Account.Incidents).Status);
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.GetValues(name).Single();

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) => JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync()).RootElement;

    private async Task<string> PostAsync(string path)
    {
        using var answer = await Http.PostAsync(new Uri(_server.BaseAddress, path), null);
        return await answer.Content.ReadAsStringAsync();
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await SendAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await JsonAsync(answer);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, HttpMethod? method = null, string authorization = "Token token=" + DemoAccount.ReadOnlyKey)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, new Uri(_server.BaseAddress, path));
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return await Http.SendAsync(request);
    }
}
