using System.Net;
using System.Text;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Tests.Fakes;

namespace Border0.PdSidecar.PagerDuty.Tests.Rest;

public class PagerDutyClientOutcomeTests
{
    private const string Html = "<html><body>Sign in</body></html>";

    [Theory]
    [InlineData(401, """{"error":{"message":"Authentication failed","code":2006}}""", PagerDutyOutcome.Unauthorized)]
    [InlineData(401, "", PagerDutyOutcome.Unauthorized)]
    [InlineData(401, Html, PagerDutyOutcome.Unauthorized)]
    [InlineData(403, """{"error":{"message":"Access Denied","code":2010}}""", PagerDutyOutcome.Forbidden)]
    [InlineData(404, """{"error":{"message":"Not Found","code":2100}}""", PagerDutyOutcome.NotFound)]
    [InlineData(404, "", PagerDutyOutcome.NotFound)]
    [InlineData(404, Html, PagerDutyOutcome.Invalid)]
    [InlineData(400, """{"error":{"message":"Not Found","code":2100}}""", PagerDutyOutcome.NotFound)]
    [InlineData(400, """{"error":"made using an account-level access token"}""", PagerDutyOutcome.Rejected)]
    [InlineData(400, """{"error":["links should have at most 50 item(s)"]}""", PagerDutyOutcome.Rejected)]
    [InlineData(400, """{"error":{"message":"Invalid Input","code":2001,"errors":"bad"}}""", PagerDutyOutcome.Rejected)]
    [InlineData(400, """{"error":{"message":"m","errors":{"name":["is taken"]}}}""", PagerDutyOutcome.Rejected)]
    [InlineData(400, """{"error":{"message":"\ud800","code":2001}}""", PagerDutyOutcome.Rejected)]
    [InlineData(402, """{"error":{"message":"Missing Account Ability","code":2014}}""", PagerDutyOutcome.Rejected)]
    [InlineData(429, """{"error":{"message":"Rate Limit Exceeded","code":2020}}""", PagerDutyOutcome.RateLimited)]
    [InlineData(429, "", PagerDutyOutcome.RateLimited)]
    [InlineData(408, "", PagerDutyOutcome.Unavailable)]
    [InlineData(500, """{"error":{"message":"Internal Server Error","code":2000}}""", PagerDutyOutcome.Unavailable)]
    [InlineData(503, Html, PagerDutyOutcome.Unavailable)]
    [InlineData(302, "", PagerDutyOutcome.Invalid)]
    [InlineData(200, Html, PagerDutyOutcome.Invalid)]
    [InlineData(200, "", PagerDutyOutcome.Invalid)]
    [InlineData(200, "null", PagerDutyOutcome.Invalid)]
    [InlineData(200, "[]", PagerDutyOutcome.Invalid)]
    [InlineData(200, "{}", PagerDutyOutcome.Invalid)]
    [InlineData(200, """{"incidents":null,"more":false}""", PagerDutyOutcome.Invalid)]
    [InlineData(200, """{"incidents":{},"more":false}""", PagerDutyOutcome.Invalid)]
    [InlineData(200, """{"incidents":[{"id":"Q1","sta""", PagerDutyOutcome.Invalid)]
    public async Task Every_kind_of_answer_has_its_outcome(int status, string body, PagerDutyOutcome expected)
    {
        var client = Clients.Answering(body, (HttpStatusCode)status);

        var result = await client.ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        Assert.Equal(expected, result.Outcome);
        Assert.False(result.IsOk);
        Assert.NotEmpty(result.Message);
    }

    [Theory]
    [InlineData("""{"error":{"message":"Invalid Input","errors":["Name is bad","Key is bad"]}}""", "Invalid Input; Name is bad; Key is bad")]
    [InlineData("""{"error":{"message":"m","errors":"one"}}""", "m; one")]
    [InlineData("""{"error":{"message":"m","errors":{"name":["is taken"]}}}""", "m; is taken")]
    [InlineData("""{"error":["a","b"]}""", "a; b")]
    [InlineData("""{"error":"plain"}""", "plain")]
    [InlineData("""{"message":"bare"}""", "bare")]
    public async Task What_PagerDuty_says_is_passed_on_whatever_its_shape(string body, string said)
    {
        var result = await Clients.Answering(body, HttpStatusCode.BadRequest)
            .GetServiceAsync("PS1", RequestPriority.OnDemand, default);

        Assert.Equal($"PagerDuty answered 400: {said}", result.Message);
    }

    [Fact]
    public async Task A_key_that_an_error_repeats_is_not_passed_on()
    {
        var result = await Clients.Answering($$"""{"error":"bad token {{Clients.Key}}"}""", HttpStatusCode.Unauthorized)
            .GetServiceAsync("PS1", RequestPriority.OnDemand, default);

        Assert.DoesNotContain(Clients.Key, result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(288)]
    [InlineData(295)]
    public async Task A_key_in_an_answer_is_not_cut_in_two_and_shown(int before)
    {
        var result = await Clients.Answering($$"""{"error":"{{new string('x', before)}}{{Clients.Key}}"}""", HttpStatusCode.BadRequest)
            .ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        Assert.DoesNotContain(Clients.Key[..4], result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_of_the_key_takes_what_was_said_with_it()
    {
        var result = await Clients.Answering($$"""{"error":"token%3D{{Clients.Key.Replace("_", "%5F", StringComparison.Ordinal)}} is wrong"}""", HttpStatusCode.BadRequest)
            .ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        Assert.Equal("PagerDuty answered 400: (what was said repeats the API key, and is left out)", result.Message);
    }

    [Fact]
    public async Task The_key_travels_in_the_authorization_header_only()
    {
        var handler = new ScriptedHandler(_ => ScriptedHandler.Json("""{"incidents":[]}"""));

        await Clients.Of(handler).ListOpenIncidentsAsync(["PS1"], RequestPriority.OnDemand, default);

        var request = Assert.Single(handler.Requests);
        Assert.Equal(HttpMethod.Get, request.Method);
        Assert.Equal($"Token token={Clients.Key}", request.Headers.NonValidated["Authorization"].ToString());
        Assert.Equal(
            "application/vnd.pagerduty+json;version=2",
            request.Headers.NonValidated["Accept"].ToString());
        Assert.StartsWith("Border0-PdSidecar/", request.Headers.UserAgent.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Clients.Key, request.RequestUri!.AbsoluteUri, StringComparison.Ordinal);
        Assert.Null(request.Content);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_beyond_the_bound_is_invalid(bool saysItsLength)
    {
        var handler = new ScriptedHandler(_ =>
        {
            var content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(new string(' ', 2000))));
            content.Headers.ContentLength = saysItsLength ? 2000 : null;
            return new HttpResponseMessage { Content = content };
        });

        var result = await Clients.Of(handler, options: Clients.NoRetries with { MaxBodyBytes = 1999 })
            .GetServiceAsync("PS1", RequestPriority.OnDemand, default);

        Assert.Equal(PagerDutyOutcome.Invalid, result.Outcome);
    }

    [Fact]
    public async Task Another_service_than_the_one_asked_for_is_invalid()
    {
        var result = await Clients.Answering("""{"service":{"id":"PS2","name":"Other"}}""")
            .GetServiceAsync("PS1", RequestPriority.OnDemand, default);

        Assert.Equal(PagerDutyOutcome.Invalid, result.Outcome);
    }

    [Fact]
    public async Task A_cancelled_question_throws_and_is_no_outcome()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Clients.Answering("{}")
            .GetServiceAsync("PS1", RequestPriority.OnDemand, cancelled.Token));
    }
}
