using Border0.PdSidecar.ActivityFeed;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Time.Testing;
using Decision = Border0.PdSidecar.V1.Decision;

namespace Border0.PdSidecar.Tests.ActivityFeed;

/// <summary>Those who look are shown what they asked for, and cost those who decide nothing.</summary>
public sealed class ActivityTapTests : IDisposable
{
    private const int EveryKind = (1 << 1) | (1 << 2) | (1 << 3);
    private static readonly ActivityFilter Everything = new("acme", EveryKind, Decision.Unspecified, "", "", "");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 27, 3, 0, 0, TimeSpan.Zero));
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly ActivityTap _tap;

    public ActivityTapTests() => _tap = new ActivityTap(_time);

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task AWatcher_IsToldAtOnceThatItWatches_AndThenWhatHappens()
    {
        using var watch = _tap.Watch(Everything)!;
        await using var seen = watch.ReadAllAsync(_patience.Token).GetAsyncEnumerator();

        Assert.Equal(WatchActivityResponse.EventOneofCase.Heartbeat, (await NextAsync(seen)).EventCase);
        Decide("alice@example.com", Decision.Deny, "payments");
        Revoke("s1", "alice@example.com");
        _tap.Changed(new ConfigurationChange("policy", "acme", "payments", null, "", new Policy(), "2"));

        var decided = await NextAsync(seen);
        Assert.Equal((Decision.Deny, "alice@example.com", "bastion", "acme"), (decided.Decision.Decision, decided.Decision.UserEmail, decided.Decision.SocketId, decided.Decision.OrganizationId));
        Assert.Equal("payments says no", Assert.Single(decided.Decision.Reasons).Message);
        Assert.Equal(_time.GetUtcNow(), decided.Time.ToDateTimeOffset());
        Assert.Equal(("s1", "c1"), await NextAsync(seen) is { Revocation: { } r } ? (r.SessionRevoked.SessionKey, r.ConnectorId) : default);
        Assert.Equal(("create", "policy", "payments"), await NextAsync(seen) is { Change: { } c } ? (c.Action, c.Type, c.Name) : default);
    }

    [Fact]
    public void WhileNobodyWatches_NothingIsKept()
    {
        Assert.False(_tap.IsWatched);
        _tap.Watch(Everything)!.Dispose();

        Assert.False(_tap.IsWatched);
    }

    [Theory]
    [InlineData("decision revocation change", "", EveryKind)]
    [InlineData("decision", "", 1 << 1)]
    [InlineData("revocation", "", 1 << 2)]
    [InlineData("change", "", 1 << 3)]
    [InlineData("decision revocation", "user=ALICE@example.com", EveryKind)]
    [InlineData("", "user=bob@example.com", EveryKind)]
    [InlineData("decision revocation", "socket=bastion", EveryKind)]
    [InlineData("", "socket=Bastion", EveryKind)]
    [InlineData("decision revocation change", "policy=Payments", EveryKind)]
    [InlineData("", "policy=other", EveryKind)]
    [InlineData("decision revocation change", "decision=deny", EveryKind)]
    [InlineData("revocation change", "decision=allow", EveryKind)]
    [InlineData("", "organization=other", EveryKind)]
    public async Task AWatcher_IsShownWhatItAskedFor_AndNothingElse(string expected, string only, int kinds)
    {
        var parts = only.Split('=');
        var value = parts[^1];
        var filter = Everything with
        {
            Kinds = kinds,
            Organization = parts[0] == "organization" ? value : "acme",
            User = parts[0] == "user" ? value : "",
            SocketId = parts[0] == "socket" ? value : "",
            PolicyName = parts[0] == "policy" ? value : "",
            Decision = parts[0] == "decision" ? (value == "allow" ? Decision.Allow : Decision.Deny) : Decision.Unspecified,
        };
        using var watch = _tap.Watch(filter)!;
        await using var seen = watch.ReadAllAsync(_patience.Token).GetAsyncEnumerator();
        await NextAsync(seen);

        Decide("alice@example.com", Decision.Deny, "payments");
        Revoke("s1", "alice@example.com");
        _tap.Changed(new ConfigurationChange("policy", "acme", "payments", null, "", new Policy(), "2"));

        var shown = new List<string>();
        for (var next = seen.MoveNextAsync(); ; next = seen.MoveNextAsync())
        {
            if (!next.IsCompleted)
            {
                // Nothing is left: the sign of life that is due now ends the list.
                _time.Advance(ActivityWatch.HeartbeatInterval);
            }

            Assert.True(await next);
            if (seen.Current.Heartbeat is not null)
            {
                break;
            }

            shown.Add(seen.Current.EventCase.ToString().ToLowerInvariant());
        }

        Assert.Equal(expected, string.Join(' ', shown));
    }

    [Fact]
    public async Task AWatcherThatReadsTooSlowly_LosesWhatHasNoRoom_AndIsToldHowMuch()
    {
        using var slow = _tap.Watch(Everything)!;
        for (var i = 0; i < ActivityTap.Capacity + 25; i++)
        {
            Decide($"user{i}@example.com", Decision.Allow, "p");
        }

        await using var seen = slow.ReadAllAsync(_patience.Token).GetAsyncEnumerator();
        var first = await NextAsync(seen);
        Assert.Equal((25, WatchActivityResponse.EventOneofCase.Heartbeat), (first.Missed, first.EventCase));
        for (var i = 0; i < ActivityTap.Capacity; i++)
        {
            var decided = await NextAsync(seen);
            Assert.Equal(($"user{i}@example.com", 0), (decided.Decision.UserEmail, decided.Missed));
        }

        var next = seen.MoveNextAsync();
        Decide("late@example.com", Decision.Allow, "p");
        Assert.True(await next);
        Assert.Equal("late@example.com", seen.Current.Decision.UserEmail);
    }

    [Fact]
    public void TooManyWatchers_AreRefused_UntilOneLeaves()
    {
        var watches = Enumerable.Range(0, ActivityTap.MostWatches).Select(_ => _tap.Watch(Everything)).ToList();
        Assert.DoesNotContain(null, watches);
        Assert.Null(_tap.Watch(Everything));

        watches[3]!.Dispose();

        Assert.NotNull(_tap.Watch(Everything));
    }

    [Fact]
    public async Task WhatWatchersAreGiven_IsEachOnesOwn()
    {
        using var one = _tap.Watch(Everything)!;
        using var other = _tap.Watch(Everything)!;
        await using var first = one.ReadAllAsync(_patience.Token).GetAsyncEnumerator();
        await using var second = other.ReadAllAsync(_patience.Token).GetAsyncEnumerator();
        await NextAsync(first);
        await NextAsync(second);

        Decide("alice@example.com", Decision.Deny, "payments");
        (await NextAsync(first)).Decision.UserEmail = "changed";

        Assert.Equal("alice@example.com", (await NextAsync(second)).Decision.UserEmail);
    }

    private void Decide(string user, Decision decision, string policy) => _tap.Decided(
        new EvaluateRequest { ConnectorId = "c1", SocketId = "bastion", SocketType = "ssh", UserEmail = user },
        "acme",
        EvaluationAnswer.Of(new EvaluateResponse { Decision = decision, Reasons = { new Reason { PolicyName = policy, Message = $"{policy} says no" } } }));

    private void Revoke(string sessionKey, string user) => _tap.Revoked(
        new AccessRequest { OrganizationId = "acme", SocketId = "bastion", SocketType = "ssh", UserEmail = user, ServiceAccount = "", ClientCountry = "" },
        "c1",
        new SessionRevoked { SessionKey = sessionKey, SocketId = "bastion", UserEmail = user, PolicyName = "payments", Cause = RevocationCause.ShiftEnded },
        7);

    private static async Task<WatchActivityResponse> NextAsync(IAsyncEnumerator<WatchActivityResponse> seen)
    {
        Assert.True(await seen.MoveNextAsync());
        return seen.Current;
    }
}
