using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Client.Tests;

/// <summary>What handlers may do without harm, and what the sidecar hears of ended sessions.</summary>
public class HandlerTests
{
    [Fact]
    public async Task HandlerThatThrows_DoesNotEndTheWatch()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1", "s2");
        connector.Handler.Meanwhile = (key, _) => key == "s1" ? throw new InvalidOperationException("a bug") : Task.CompletedTask;

        watch.Revoke(2, "s1").Revoke(3, "s2");

        Assert.Equal("s1", (await connector.Handler.NextAsync()).Key);
        Assert.Equal("s2", (await connector.Handler.NextAsync()).Key);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HandlerThatDoesNotComeBack_IsLeftBehind(bool blocksItsThread)
    {
        var (connector, watch) = await Connector.StartWatchingAsync(o => o with { HandlerPatience = TimeSpan.FromSeconds(3) });
        await using var end = connector;
        await connector.OpenAsync("s1", "s2");
        using var stuck = new ManualResetEventSlim();
        connector.Handler.Meanwhile = (key, cancellation) =>
        {
            if (key == "s1" && blocksItsThread)
            {
                stuck.Wait(cancellation);
            }

            return key == "s1" ? Task.Delay(Timeout.Infinite, cancellation) : Task.CompletedTask;
        };

        watch.Revoke(2, "s1").Revoke(3, "s2");
        Assert.Equal("s1", (await connector.Handler.NextAsync()).Key);
        connector.Time.Advance(TimeSpan.FromMilliseconds(2999));
        Assert.Equal(0, connector.Handler.Waiting);

        // On a busy machine the handler may be called a while before anybody's patience begins.
        var next = connector.Handler.NextAsync();
        using var turns = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!next.IsCompleted)
        {
            connector.Time.Advance(TimeSpan.FromMilliseconds(1));
            await turns.WaitForNextTickAsync();
        }

        Assert.Equal("s2", (await next).Key);
        stuck.Set();
    }

    [Fact]
    public async Task HandlerThatIsBehind_IsNoSilenceOfTheSidecar_AndMissesNothing()
    {
        var (connector, watch) = await Connector.StartWatchingAsync(
            o => o with { MaxWaitingEvents = 2, HandlerPatience = TimeSpan.FromHours(1) });
        await using var end = connector;
        var keys = Enumerable.Range(0, 20).Select(i => $"s{i}").ToList();
        await connector.OpenAsync([.. keys, "last"]);
        var release = new TaskCompletionSource();
        connector.Handler.Meanwhile = (_, _) => release.Task;

        var revision = 1;
        keys.ForEach(key => watch.Revoke(++revision, key));
        Assert.Equal("s0", (await connector.Handler.NextAsync()).Key);
        using (var turns = new PeriodicTimer(TimeSpan.FromMilliseconds(2)))
        {
            // Two were read for the handler, and the third waits for a place.
            while (!connector.Client.IsBehind)
            {
                await turns.WaitForNextTickAsync();
            }
        }

        connector.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(19, connector.Client.SessionCount);
        release.SetResult();

        foreach (var key in keys.Skip(1))
        {
            var (_, told, ending) = await connector.Handler.NextAsync();
            Assert.Equal((key, SessionEndCause.Revoked), (told, ending!.Cause));
        }

        Assert.Equal(1, connector.Client.SessionCount);
    }

    [Fact]
    public async Task SessionThatTheConnectorEnds_IsReported_AndNotTalkedAboutAnyMore()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1", "s2");

        Assert.True(connector.Client.EndSession("s1"));
        Assert.False(connector.Client.EndSession("s1"));

        var reported = await connector.Sidecar.NextEndAsync();
        Assert.Equal(("s1", "c1", "acme"), (reported.SessionKey, reported.ConnectorId, reported.OrganizationId));
        watch.Revoke(2, "s1").Revoke(3, "s2");
        Assert.Equal("s2", (await connector.Handler.NextAsync()).Key);
    }

    [Fact]
    public async Task EventThatWaits_IsDropped_WhenTheConnectorEndsItsSession()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1", "s2", "s3");
        var release = new TaskCompletionSource();
        connector.Handler.Meanwhile = (_, _) => release.Task;

        watch.Expire(2, "s1").Expire(3, "s2").Expire(4, "s3");
        Assert.Equal("s1", (await connector.Handler.NextAsync()).Key);
        connector.Client.EndSession("s2");
        release.SetResult();

        Assert.Equal("s3", (await connector.Handler.NextAsync()).Key);
    }

    [Fact]
    public async Task RevokedSession_ThatWasListedMeanwhile_IsReportedAsEnded()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1");
        watch.Fail(Grpc.Core.StatusCode.Unavailable);
        var resumed = await connector.NextSubscriptionAsync();

        resumed.Beat(2).Revoke(3, "s1");

        Assert.Equal("s1", (await connector.Handler.NextAsync()).Key);
        Assert.Equal("s1", (await connector.Sidecar.NextEndAsync()).SessionKey);
    }

    [Fact]
    public async Task NextSessionOfAKey_WaitsForTheReportOfTheEarlierOnesEnd()
    {
        var (connector, _) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1");
        await connector.Sidecar.NextQuestionAsync();
        using var reached = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        connector.Sidecar.AnswerEnd = _ =>
        {
            reached.Set();
            release.Wait(TimeSpan.FromSeconds(60));
            return new EndSessionResponse();
        };

        connector.Client.EndSession("s1");
        Assert.True(reached.Wait(TimeSpan.FromSeconds(60)));
        var asking = connector.Client.EvaluateAsync(Connector.Question("s1"));
        Assert.False(asking.IsCompleted);
        Assert.Equal(0, connector.Sidecar.QuestionsWaiting);
        release.Set();

        Assert.True((await asking).IsAllowed);
        Assert.Equal(1, connector.Client.SessionCount);
    }
}
