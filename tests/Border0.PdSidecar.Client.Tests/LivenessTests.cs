using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Border0.PdSidecar.Client.Tests;

/// <summary>Whatever keeps revocations from arriving ends sessions at the bound, and not before.</summary>
public class LivenessTests
{
    [Fact]
    public async Task Silence_EndsEverySession_AtTheBound_AndReportsItAfterwards()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1");
        await HeardAsync(connector, watch, 2);

        connector.Time.Advance(TimeSpan.FromMilliseconds(9999));
        Assert.Equal(2, connector.Client.SessionCount);
        connector.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(0, connector.Client.SessionCount);
        (string Kind, string Key, SessionEnd? End)[] told = [await connector.Handler.NextAsync(), await connector.Handler.NextAsync()];
        Assert.Equal(["s", "s1"], told.Select(t => t.Key).Order());
        Assert.All(told, t => Assert.Equal(SessionEndCause.SidecarSilent, t.End!.Cause));
        Assert.All(told, t => Assert.Contains("10 s", t.End!.ReasonForAdministrator, StringComparison.Ordinal));
        string[] reported = [(await connector.Sidecar.NextEndAsync()).SessionKey, (await connector.Sidecar.NextEndAsync()).SessionKey];
        Assert.Equal(["s", "s1"], reported.Order());
    }

    [Fact]
    public async Task Silence_OfHalfTheBound_SubscribesAgain()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1");
        await HeardAsync(connector, watch, 2);

        connector.Time.Advance(TimeSpan.FromSeconds(5));
        await watch.Gone.WaitAsync(TimeSpan.FromSeconds(60));
        var again = await connector.NextSubscriptionAsync();

        Assert.Equal("t2", again.Request.ResumeToken);
        Assert.Equal(2, connector.Client.SessionCount);
    }

    [Fact]
    public async Task AfterASilence_NothingIsOpened_UntilTheSidecarIsHeardAgain()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await HeardAsync(connector, watch, 2);
        connector.Time.Advance(TimeSpan.FromSeconds(5));
        var again = await connector.NextSubscriptionAsync();
        Assert.Equal(["s"], again.ListedKeys);
        connector.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("s", (await connector.Handler.NextAsync()).Key);

        var asking = connector.Client.EvaluateAsync(Connector.Question("s1"));
        Assert.False(asking.IsCompleted);
        again.Beat(2);

        Assert.True((await asking).IsAllowed);
    }

    [Fact]
    public async Task Heartbeats_KeepSessionsAlive()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1");

        for (var i = 2; i < 40; i++)
        {
            await HeardAsync(connector, watch, i);
            connector.Time.Advance(TimeSpan.FromSeconds(4));
        }

        Assert.Equal(2, connector.Client.SessionCount);
    }

    [Fact]
    public async Task EndThatWasKnown_PassesWhileTheWatchIsDown_AndEndsTheSession()
    {
        var (connector, watch) = await Connector.StartWatchingAsync(o => o with { SilenceBound = TimeSpan.FromMinutes(10) });
        await using var end = connector;
        Until(connector, "s1", TimeSpan.FromSeconds(60));
        await connector.OpenAsync("s1", "s2");
        watch.Fail(StatusCode.Unavailable);
        await connector.NextSubscriptionAsync();
        var left = connector.Until - connector.Time.GetUtcNow();

        connector.Time.Advance(left - TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, connector.Client.SessionCount);
        connector.Time.Advance(TimeSpan.FromMilliseconds(1));

        var (_, key, told) = await connector.Handler.NextAsync();
        Assert.Equal(("s1", SessionEndCause.ValidityPassed), (key, told!.Cause));
        Assert.Equal("s1", (await connector.Sidecar.NextEndAsync()).SessionKey);
        Assert.Equal(1, connector.Client.SessionCount);
    }

    [Fact]
    public async Task EndThatWasKnown_PassesWhileTheWatchIsUp_AndIsLeftToTheSidecar()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        Until(connector, "s1", TimeSpan.FromSeconds(3));
        await connector.OpenAsync("s1");
        await HeardAsync(connector, watch, 2);

        connector.Time.Advance(TimeSpan.FromSeconds(4));
        await HeardAsync(connector, watch, 3);

        Assert.Equal(2, connector.Client.SessionCount);
        Assert.Equal(0, connector.Handler.Waiting);
    }

    /// <summary>Makes sure that the client has heard something at this very instant, by an event that its handler sees.</summary>
    private static async Task HeardAsync(Connector connector, Subscription watch, long revision)
    {
        await connector.OpenAsync("s");
        watch.Expire(revision, "s");
        Assert.Equal(("expiring", "s", null), await connector.Handler.NextAsync());
    }

    private static void Until(Connector connector, string key, TimeSpan duration)
    {
        connector.Until = connector.Time.GetUtcNow() + duration;
        connector.Sidecar.Answer = (request, _) =>
        {
            var response = ScriptedSidecar.Allow(request);
            response.ValidUntil = request.SessionKey == key ? connector.Until.ToTimestamp() : null;
            return Task.FromResult(response);
        };
    }
}
