using System.Net;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Tests.Fakes;

namespace Border0.PdSidecar.PagerDuty.Tests.Rest;

public class ResilienceTests
{
    private const string Service = """{"service":{"id":"PS1","name":"Payments"}}""";
    private static readonly PagerDutyClientOptions Options = new() { Retries = 2, Addresses = new PagerDutyAddresses { Allowed = Clients.BaseUrl } };

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(408)]
    public async Task A_passing_failure_is_tried_again(int status)
    {
        var attempts = 0;
        var handler = new ScriptedHandler(_ => ++attempts < 3
            ? new HttpResponseMessage((HttpStatusCode)status)
            : ScriptedHandler.Json(Service));

        var result = await AskAsync(handler);

        Assert.Equal(PagerDutyOutcome.Ok, result.Outcome);
        Assert.Equal(3, handler.Requests.Count);
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again()
    {
        var attempts = 0;
        var handler = new ScriptedHandler(_ => ++attempts == 1
            ? throw new HttpRequestException("reset", new IOException())
            : ScriptedHandler.Json(Service));

        Assert.Equal(PagerDutyOutcome.Ok, (await AskAsync(handler)).Outcome);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(429)]
    public async Task What_will_not_pass_is_not_tried_again(int status)
    {
        var handler = new ScriptedHandler(_ => new HttpResponseMessage((HttpStatusCode)status));

        await AskAsync(handler);

        Assert.Single(handler.Requests);
    }

    [Fact]
    public async Task Silence_is_unavailable_after_the_attempts_time()
    {
        var clock = new WaitedForClock(Clients.Start);
        var handler = new ScriptedHandler(async (_, cancellation) =>
        {
            clock.Advance(Options.AttemptTimeout);
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new InvalidOperationException("unreachable");
        });

        var result = await AskAsync(handler, clock);

        Assert.Equal(PagerDutyOutcome.Unavailable, result.Outcome);
        Assert.Equal(3, handler.Requests.Count);
    }

    [Fact]
    public async Task The_circuit_opens_after_repeated_failures_and_closes_again()
    {
        var time = Clients.Clock();
        var fails = true;
        var handler = new ScriptedHandler(_ => fails
            ? new HttpResponseMessage(HttpStatusCode.BadGateway)
            : ScriptedHandler.Json(Service));
        var client = Clients.Of(handler, time);
        for (var i = 0; i < 8; i++)
        {
            await client.GetServiceAsync("PS1", RequestPriority.OnDemand, default);
        }

        var asked = handler.Requests.Count;
        var open = await client.GetServiceAsync("PS1", RequestPriority.OnDemand, default);
        Assert.Equal(PagerDutyOutcome.Unavailable, open.Outcome);
        Assert.Equal(asked, handler.Requests.Count);

        fails = false;
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.True((await client.GetServiceAsync("PS1", RequestPriority.OnDemand, default)).IsOk);
    }

    /// <summary>Asks, and lets the clock go on by each delay before a retry. An attempt's own time does not pass by itself.</summary>
    private static async Task<PagerDutyResult<ServiceAnswer>> AskAsync(ScriptedHandler handler, WaitedForClock? itsClock = null)
    {
        var clock = itsClock ?? new WaitedForClock(Clients.Start);
        var asking = Clients.Of(handler, clock, Options).GetServiceAsync("PS1", RequestPriority.OnDemand, default);
        while (await Task.WhenAny(asking, clock.WaitedFor.WaitToReadAsync().AsTask()) != asking)
        {
            while (clock.WaitedFor.TryRead(out var wait))
            {
                if (wait < Options.AttemptTimeout)
                {
                    clock.Advance(wait);
                }
            }
        }

        return await asking;
    }
}
