using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Client.Tests;

/// <summary>Asking about connections: allow only when the sidecar says so.</summary>
public class EvaluateTests
{
    public static TheoryData<StatusCode> EveryError => [.. Enum.GetValues<StatusCode>().Where(c => c != StatusCode.OK)];

    [Fact]
    public async Task Allow_PassesThrough_AndOpensNothingWithoutASessionKey()
    {
        await using var connector = await Connector.StartAsync();

        var decision = await connector.Client.EvaluateAsync(Connector.Question());

        Assert.True(decision.IsAllowed);
        Assert.Equal(0, connector.Client.SessionCount);
        var asked = await connector.Sidecar.NextQuestionAsync();
        Assert.Equal(("c1", "acme", "alice@example.com"), (asked.ConnectorId, asked.OrganizationId, asked.UserEmail));
    }

    [Fact]
    public async Task Deny_SaysWhatTheSidecarSays()
    {
        await using var connector = await Connector.StartAsync();
        connector.Sidecar.Answer = (_, _) => Task.FromResult(new EvaluateResponse
        {
            Decision = Decision.Deny,
            Reasons = { new Reason { Message = "No incident is open." }, new Reason { Message = "Nor is she on call." } },
        });

        var decision = await connector.Client.EvaluateAsync(Connector.Question());

        Assert.Equal((AccessVerdict.Deny, false), (decision.Verdict, decision.IsAllowed));
        Assert.Equal("No incident is open. Nor is she on call.", decision.Explanation);
    }

    [Theory]
    [MemberData(nameof(EveryError))]
    public async Task Error_IsNoDecision(StatusCode code)
    {
        await using var connector = await Connector.StartAsync();
        connector.Sidecar.Answer = (_, _) => throw new RpcException(new Status(code, "as the test says"));

        var decision = await connector.Client.EvaluateAsync(Connector.Question());

        Assert.Equal((AccessVerdict.Unavailable, false), (decision.Verdict, decision.IsAllowed));
        Assert.Contains(code.ToString(), decision.Explanation, StringComparison.Ordinal);
        Assert.Null(decision.Response);
    }

    [Theory]
    [MemberData(nameof(EveryError))]
    public async Task Error_WithASessionKey_HoldsNothing_AndLeavesNothingOpen(StatusCode code)
    {
        var (connector, _) = await Connector.StartWatchingAsync();
        await using var end = connector;
        connector.Sidecar.Answer = (_, _) => throw new RpcException(new Status(code, "as the test says"));

        var decision = await connector.Client.EvaluateAsync(Connector.Question("s1"));

        Assert.Equal((AccessVerdict.Unavailable, 0), (decision.Verdict, connector.Client.SessionCount));
        Assert.Equal("s1", (await connector.Sidecar.NextEndAsync()).SessionKey);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(99)]
    public async Task UnknownDecision_IsNoDecision(int value)
    {
        await using var connector = await Connector.StartAsync();
        connector.Sidecar.Answer = (_, _) => Task.FromResult(new EvaluateResponse { Decision = (Decision)value });

        var decision = await connector.Client.EvaluateAsync(Connector.Question());

        Assert.Equal((AccessVerdict.Unavailable, false), (decision.Verdict, decision.IsAllowed));
        Assert.Contains($"({value})", decision.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoAnswerWithinTheDeadline_IsNoDecision()
    {
        await using var connector = await Connector.StartAsync();
        connector.Sidecar.Answer = Never;

        var asking = connector.Client.EvaluateAsync(Connector.Question());
        await connector.Sidecar.NextQuestionAsync();
        connector.Time.Advance(TimeSpan.FromMilliseconds(119_999));
        Assert.False(asking.IsCompleted);
        connector.Time.Advance(TimeSpan.FromMilliseconds(1));

        var decision = await asking;
        Assert.Equal(AccessVerdict.Unavailable, decision.Verdict);
        Assert.Contains("within 120 s", decision.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoSidecar_IsNoDecision()
    {
        using var connection = SidecarConnection.ToUnixSocket(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()));
        await using var client = ConnectorClient.Start(connection, new ConnectorOptions { ConnectorId = "c1" }, new RecordingHandler());

        var decision = await client.EvaluateAsync(Connector.Question());

        Assert.Equal(AccessVerdict.Unavailable, decision.Verdict);
        Assert.Contains("Unavailable", decision.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_Throws_AndEndsWhatWasOpened()
    {
        var (connector, _) = await Connector.StartWatchingAsync();
        await using var end = connector;
        connector.Sidecar.Answer = Never;
        using var gone = new CancellationTokenSource();

        var asking = connector.Client.EvaluateAsync(Connector.Question("s1"), gone.Token);
        await connector.Sidecar.NextQuestionAsync();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal("s1", (await connector.Sidecar.NextEndAsync()).SessionKey);
        Assert.Equal(0, connector.Client.SessionCount);
    }

    [Fact]
    public async Task SessionKey_WaitsForTheWatch_SinceNothingCouldBeRevokedBefore()
    {
        await using var connector = await Connector.StartAsync();
        var watch = await connector.Sidecar.NextSubscriptionAsync();

        var asking = connector.Client.EvaluateAsync(Connector.Question("s1"));
        Assert.False(asking.IsCompleted);
        Assert.False(connector.Client.IsWatching);
        watch.Beat(1);

        Assert.True((await asking).IsAllowed);
        Assert.True(connector.Client.IsWatching);
        Assert.Equal(1, connector.Client.SessionCount);
    }

    [Fact]
    public async Task SessionKey_WithoutAnyWatch_IsNoDecision_AndIsNotEvenAsked()
    {
        await using var connector = await Connector.StartAsync();
        await connector.Sidecar.NextSubscriptionAsync();

        var asking = connector.Client.EvaluateAsync(Connector.Question("s1"));
        connector.Time.Advance(TimeSpan.FromMinutes(2));

        var decision = await asking;
        Assert.Equal(AccessVerdict.Unavailable, decision.Verdict);
        Assert.Contains("watch", decision.Explanation, StringComparison.Ordinal);
        Assert.Equal(0, connector.Sidecar.QuestionsWaiting);
    }

    [Fact]
    public async Task MoreSessionsThanMayBeHeld_AreRefused()
    {
        var (connector, _) = await Connector.StartWatchingAsync(o => o with { MaxSessions = 2 });
        await using var end = connector;
        await connector.OpenAsync("s1", "s2");

        Assert.Equal(AccessVerdict.Unavailable, (await connector.Client.EvaluateAsync(Connector.Question("s3"))).Verdict);
        Assert.True((await connector.Client.EvaluateAsync(Connector.Question("s2"))).IsAllowed);
        Assert.True(connector.Client.EndSession("s1"));
        Assert.True((await connector.Client.EvaluateAsync(Connector.Question("s3"))).IsAllowed);
    }

    [Fact]
    public async Task DenialOfASessionThatIsHeld_EndsIt_Once()
    {
        var (connector, watch) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1", "s2");
        connector.Sidecar.Answer = (_, _) => Task.FromResult(new EvaluateResponse
        {
            Decision = Decision.Deny,
            Reasons = { new Reason { Message = "The incident is over." } },
        });

        Assert.Equal(AccessVerdict.Deny, (await connector.Client.EvaluateAsync(Connector.Question("s1"))).Verdict);
        watch.Revoke(2, "s1").Revoke(3, "s2");

        var first = await connector.Handler.NextAsync();
        Assert.Equal(("s1", SessionEndCause.DeniedAgain), (first.Key, first.End!.Cause));
        Assert.Equal("The incident is over.", first.End.ReasonForUser);
        Assert.Equal("s2", (await connector.Handler.NextAsync()).Key);
    }

    [Fact]
    public async Task NoDecisionOnASessionThatIsHeld_LeavesItToTheWatch()
    {
        var (connector, _) = await Connector.StartWatchingAsync();
        await using var end = connector;
        await connector.OpenAsync("s1");
        connector.Sidecar.Answer = (_, _) => throw new RpcException(new Status(StatusCode.Unavailable, ""));

        Assert.Equal(AccessVerdict.Unavailable, (await connector.Client.EvaluateAsync(Connector.Question("s1"))).Verdict);

        Assert.Equal(1, connector.Client.SessionCount);
        Assert.Equal(0, connector.Handler.Waiting);
        Assert.Equal(0, connector.Sidecar.EndsWaiting);
    }

    private static async Task<EvaluateResponse> Never(EvaluateRequest request, ServerCallContext context)
    {
        await Task.Delay(Timeout.Infinite, context.CancellationToken);
        throw new InvalidOperationException("not reached");
    }
}
