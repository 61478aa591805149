using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Client.Tests;

/// <summary>Events: in order, once, over breaks and new beginnings.</summary>
public class WatchTests
{
    public static TheoryData<StatusCode> EveryStatus => [.. Enum.GetValues<StatusCode>()];

    [Fact]
    public async Task Subscription_IsTheConnectors()
    {
        var (connector, watch) = await Connector.StartWatchingAsync(o => o with { HeartbeatInterval = TimeSpan.FromSeconds(2) });
        await using var end = connector;

        Assert.Equal(("c1", "acme", ""), (watch.Request.ConnectorId, watch.Request.OrganizationId, watch.Request.ResumeToken));
        Assert.Equal(2, watch.Request.HeartbeatInterval.Seconds);
        Assert.Empty(watch.Request.ActiveSessions);
    }

    [Fact]
    public async Task Events_AreDelivered_InOrder_Once_OfEveryKind()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1", "s2");

        watch.Expire(2, "s1").Change(3, "s1").Change(3, "s1").Revoke(4, "s2").Expire(2, "s1").Beat(4).Revoke(5, "s1").Revoke(6, "nobody");

        Assert.Equal(("expiring", "s1", null), await connector.Handler.NextAsync());
        Assert.Equal(("changed", "s1", null), await connector.Handler.NextAsync());
        var (kind, key, revoked) = await connector.Handler.NextAsync();
        Assert.Equal(("end", "s2"), (kind, key));
        Assert.Equal((SessionEndCause.Revoked, "user: s2 at 4", "admin: s2 at 4"), (revoked!.Cause, revoked.ReasonForUser, revoked.ReasonForAdministrator));
        Assert.Equal(RevocationCause.IncidentResolved, revoked.Revocation!.Cause);
        Assert.Equal("payments-db", revoked.Request.SocketId);
        Assert.Equal(("end", "s1"), await KindAndKeyAsync(connector));
        Assert.Equal(0, connector.Client.SessionCount);

        // Nothing else was told: the next event is the next that is told.
        await connector.OpenAsync("s3");
        watch.Revoke(7, "s3");
        Assert.Equal(("end", "s3"), await KindAndKeyAsync(connector));
    }

    [Fact]
    public async Task BrokenStream_IsResumedFromItsLastToken_WithTheSessionsHeld()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1", "s2", "s3");
        watch.Revoke(2, "s1").Beat(5);
        Assert.Equal(("end", "s1"), await KindAndKeyAsync(connector));
        watch.Fail(StatusCode.Unavailable);

        var resumed = await connector.NextSubscriptionAsync();

        Assert.Equal("t5", resumed.Request.ResumeToken);
        Assert.Equal(["s2", "s3"], resumed.ListedKeys.Order());
        var listed = resumed.Request.ActiveSessions.First();
        Assert.Equal(
            ("payments-db", "database", "alice@example.com", "192.0.2.1", "prod", "dba"),
            (listed.SocketId, listed.SocketType, listed.UserEmail, listed.ClientIp, listed.SocketTags["env"], listed.Groups.Single()));
        Assert.NotNull(listed.OpenTime);
        resumed.Beat(5).Revoke(2, "s2").Revoke(6, "s3");
        Assert.Equal(("end", "s3"), await KindAndKeyAsync(connector));
        Assert.Equal(1, connector.Client.SessionCount);
    }

    [Theory]
    [MemberData(nameof(EveryStatus))]
    public async Task Stream_ThatEndsWhateverWay_IsTakenUpAgain(StatusCode code)
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1");
        if (code == StatusCode.OK)
        {
            watch.End();
        }
        else
        {
            watch.Fail(code);
        }

        var again = await connector.NextSubscriptionAsync();
        again.Beat(2).Revoke(3, "s1");

        Assert.Equal(("end", "s1"), await KindAndKeyAsync(connector));
    }

    [Fact]
    public async Task TokenThatIsTooOld_BeginsAnew_WithTheSessionsHeld()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1", "s2");
        watch.Beat(100);
        watch.Fail(StatusCode.Unavailable);
        (await connector.NextSubscriptionAsync()).Resync("too old");

        var anew = await connector.NextSubscriptionAsync();

        Assert.Equal("", anew.Request.ResumeToken);
        Assert.Equal(["s1", "s2"], anew.ListedKeys.Order());

        // Another history counts from another number.
        anew.Beat(7).Revoke(8, "s1");
        Assert.Equal(("end", "s1"), await KindAndKeyAsync(connector));
    }

    [Fact]
    public async Task TokenThatTheSidecarCannotRead_BeginsAnew()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        watch.Fail(StatusCode.Unavailable);
        (await connector.NextSubscriptionAsync()).Fail(StatusCode.InvalidArgument);

        Assert.Equal("", (await connector.NextSubscriptionAsync()).Request.ResumeToken);
    }

    [Fact]
    public async Task RevocationThatOvertakesItsAllow_IsADeny()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s0");
        var answer = new TaskCompletionSource();
        connector.Sidecar.Answer = async (request, _) =>
        {
            await answer.Task;
            return ScriptedSidecar.Allow(request, revision: 1);
        };

        await connector.Sidecar.NextQuestionAsync();
        var asking = connector.Client.EvaluateAsync(Connector.Question("s1"));
        await connector.Sidecar.NextQuestionAsync();
        watch.Revoke(2, "s1").Revoke(3, "s0");
        Assert.Equal(("end", "s0"), await KindAndKeyAsync(connector));
        answer.SetResult();

        var decision = await asking;
        Assert.Equal((AccessVerdict.Deny, "user: s1 at 2"), (decision.Verdict, decision.Explanation));
        Assert.Equal(0, connector.Client.SessionCount);
    }

    [Fact]
    public async Task RevocationOfAnEarlierSessionOfTheSameKey_IsNotTheLaterOnes()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        connector.Sidecar.Answer = (request, _) => Task.FromResult(ScriptedSidecar.Allow(request, revision: 5));
        await connector.OpenAsync("s1", "s2");

        watch.Revoke(5, "s1").Revoke(6, "s2");

        Assert.Equal(("end", "s2"), await KindAndKeyAsync(connector));
        Assert.Equal(1, connector.Client.SessionCount);
    }

    [Fact]
    public async Task QuestionAcrossANewBeginning_IsAskedAgain()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        var answers = new Queue<TaskCompletionSource<Decision>>([new(), new()]);
        var (first, second) = (answers.First(), answers.Last());
        connector.Sidecar.Answer = async (_, _) => new EvaluateResponse { Decision = await answers.Dequeue().Task, Revision = 1 };

        var asking = connector.Client.EvaluateAsync(Connector.Question("s1"));
        await connector.Sidecar.NextQuestionAsync();
        watch.Resync("another history");
        var anew = await connector.NextSubscriptionAsync();
        first.SetResult(Decision.Allow);
        anew.Beat(1);

        Assert.Equal("s1", (await connector.Sidecar.NextQuestionAsync()).SessionKey);
        second.SetResult(Decision.Deny);
        Assert.Equal(AccessVerdict.Deny, (await asking).Verdict);
        Assert.Equal(0, connector.Client.SessionCount);
    }

    private static async Task<(string Kind, string Key)> KindAndKeyAsync(Connector connector)
    {
        var (kind, key, _) = await connector.Handler.NextAsync();
        return (kind, key);
    }
}
