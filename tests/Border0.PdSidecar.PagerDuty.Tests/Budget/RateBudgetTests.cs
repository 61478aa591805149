using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Tests.Fakes;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.PagerDuty.Tests.Budget;

public class RateBudgetTests
{
    private readonly FakeTimeProvider _time = Clients.Clock();

    [Fact]
    public void Loops_get_nine_tenths_of_the_share_and_people_the_rest()
    {
        var budget = new RateBudget(_time, 0.5);
        Answer(budget, limit: 100, remaining: 100, reset: 60);

        var loops = Spend(budget, RequestPriority.Background);
        var people = Spend(budget, RequestPriority.OnDemand);

        // One request brought the limit.
        Assert.Equal(45 - 1, loops);
        Assert.Equal(5, people);
    }

    [Fact]
    public async Task What_was_spent_comes_back_after_the_window()
    {
        var budget = new RateBudget(_time, 0.5);
        Answer(budget, limit: 100, remaining: 100, reset: 60);
        Spend(budget, RequestPriority.OnDemand);
        var waiting = budget.AcquireAsync(RequestLane.Other, RequestPriority.OnDemand, default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(waiting.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(2));

        await waiting;
    }

    [Fact]
    public async Task What_others_have_used_up_is_waited_for_until_the_reset_and_not_longer()
    {
        // A frozen snapshot that only a new answer could refresh would block for good.
        var budget = new RateBudget(_time, 0.5);
        Answer(budget, limit: 960, remaining: 3, reset: 20);
        var waiting = budget.AcquireAsync(RequestLane.Incidents, RequestPriority.OnDemand, default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.False(waiting.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(2));

        await waiting;
    }

    [Fact]
    public void Requests_under_way_count_against_what_remains()
    {
        // Ten callers that all saw "16 left" would send ten.
        var budget = new RateBudget(_time, 1);
        Answer(budget, limit: 960, remaining: 17, reset: 30);

        Assert.Equal(2, Spend(budget, RequestPriority.OnDemand));
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(null, 2)]
    public async Task A_429_is_obeyed_with_and_without_headers(int? reset, int expectedSeconds)
    {
        var budget = new RateBudget(_time, 0.5);
        await budget.AcquireAsync(RequestLane.Incidents, RequestPriority.Background, default);
        budget.Complete(
            RequestLane.Incidents,
            new RateHeaders(null, null, reset is { } s ? TimeSpan.FromSeconds(s) : null, Throttled: true));

        var waiting = budget.AcquireAsync(RequestLane.Services, RequestPriority.OnDemand, default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(expectedSeconds) - TimeSpan.FromMilliseconds(1));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(2));
        await waiting.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_429_without_headers_in_a_row_is_waited_for_longer_each_time_up_to_a_minute()
    {
        var budget = new RateBudget(_time, 0.5);
        foreach (var expectedSeconds in (int[])[0, 2, 4, 8, 16, 32, 60, 60])
        {
            var acquiring = budget.AcquireAsync(RequestLane.Incidents, RequestPriority.Background, default).AsTask();
            if (expectedSeconds > 0)
            {
                _time.Advance(TimeSpan.FromSeconds(expectedSeconds) - TimeSpan.FromMilliseconds(1));
                Assert.False(acquiring.IsCompleted, $"{expectedSeconds} s");
                _time.Advance(TimeSpan.FromMilliseconds(2));
            }

            await acquiring.WaitAsync(TimeSpan.FromSeconds(60));
            budget.Complete(RequestLane.Incidents, new RateHeaders(null, null, null, Throttled: true));
        }
    }

    [Fact]
    public async Task A_limit_of_its_own_on_oncalls_does_not_hold_incidents_up()
    {
        var budget = new RateBudget(_time, 0.5);
        Answer(budget, limit: 960, remaining: 900, reset: 60);
        await budget.AcquireAsync(RequestLane.OnCall, RequestPriority.Background, default);
        budget.Complete(RequestLane.OnCall, new RateHeaders(60, 0, TimeSpan.FromSeconds(30), Throttled: true));

        Assert.False(budget.TryAcquireNow(RequestLane.OnCall, RequestPriority.Background));
        Assert.True(budget.TryAcquireNow(RequestLane.Incidents, RequestPriority.Background));
    }

    [Fact]
    public void Loops_that_fit_keep_their_targets_and_those_that_do_not_are_stretched_alike()
    {
        var budget = new RateBudget(_time, 0.5);
        var owner = new object();
        var five = TimeSpan.FromSeconds(5);
        Assert.Equal(five, budget.Interval(owner, RequestLane.Incidents, 7, five));

        var onCall = budget.Interval(owner, RequestLane.OnCall, 500, TimeSpan.FromSeconds(30));
        var incidents = budget.Interval(owner, RequestLane.Incidents, 7, five);

        // 7/5 s + 500/30 s = 18 requests a second; 480 in 61 s, of which nine tenths, are 7.08.
        Assert.InRange(onCall.TotalSeconds / 30, 2.5, 2.6);
        Assert.Equal(onCall.TotalSeconds / 30, incidents.TotalSeconds / 5, 6);

        budget.Leave(owner);
        Assert.Equal(five, budget.Interval(owner, RequestLane.Incidents, 7, five));
    }

    [Fact]
    public void The_budget_is_shown_as_PagerDuty_stated_it()
    {
        var budget = new RateBudget(_time, 0.25);
        Answer(budget, limit: 960, remaining: 950, reset: 42);

        var shown = budget.ToContract();

        Assert.Equal(960, shown.Limit);
        Assert.Equal(950, shown.Remaining);
        Assert.Equal(0.25, shown.Share);
        Assert.Equal(1, shown.RequestsLastMinute);
        Assert.Equal(_time.GetUtcNow().AddSeconds(42), shown.ResetTime.ToDateTimeOffset());
    }

    [Fact]
    public void The_share_is_never_exceeded_in_any_minute_whatever_the_schedule()
    {
        // Bursts of requests in several lanes, others using the key, answers that come late and out of order.
        var step = Gen.Select(Gen.Int[0, 40], Gen.Int[0, 20_000], Gen.OneOf(Gen.Const(0), Gen.Int[0, 60]), Gen.Bool, Gen.Bool);
        Gen.Select(Gen.Int[20, 960], Gen.Double[0.1, 1], step.List[1, 60]).Sample((limit, share, steps) =>
        {
            var time = Clients.Clock();
            var budget = new RateBudget(time, share);
            var server = new FixedWindow(limit, time);
            var sent = new List<DateTimeOffset>();
            var open = new Queue<(RequestLane Lane, RateHeaders Headers)>();
            Send(RequestLane.Other);
            Complete();
            foreach (var (burst, pause, others, demand, onCall) in steps)
            {
                server.Others(others);
                for (var i = 0; i < burst; i++)
                {
                    var lane = onCall ? RequestLane.OnCall : RequestLane.Incidents;
                    if (budget.TryAcquireNow(lane, demand ? RequestPriority.OnDemand : RequestPriority.Background))
                    {
                        Send(lane, acquired: true);
                    }

                    if (i % 3 == 0)
                    {
                        Complete();
                    }
                }

                time.Advance(TimeSpan.FromMilliseconds(pause));
            }

            void Send(RequestLane lane, bool acquired = false)
            {
                Assert.True(acquired || budget.TryAcquireNow(lane, RequestPriority.OnDemand));
                sent.Add(time.GetUtcNow());
                open.Enqueue((lane, server.Take()));
            }

            void Complete()
            {
                if (open.TryDequeue(out var answer))
                {
                    budget.Complete(answer.Lane, answer.Headers);
                }
            }

            for (var i = 0; i < sent.Count; i++)
            {
                var inMinute = sent.Skip(i).TakeWhile(at => at - sent[i] < TimeSpan.FromSeconds(60)).Count();
                Assert.True(inMinute <= Math.Max(1, (int)(share * limit)), $"{inMinute} of {share:0.00} * {limit}");
            }

            // What others take between two answers nobody can foresee; then PagerDuty's 429 is obeyed.
            Assert.False(server.RefusedUs && steps.All(s => s.Item3 == 0), "A request was sent although PagerDuty had said that nothing is left.");
        }, iter: 300, threads: 1);
    }

    private static void Answer(RateBudget budget, int limit, int remaining, int reset)
    {
        Assert.True(budget.TryAcquireNow(RequestLane.Other, RequestPriority.OnDemand));
        budget.Complete(RequestLane.Other, new RateHeaders(limit, remaining, TimeSpan.FromSeconds(reset), false));
    }

    private static int Spend(RateBudget budget, RequestPriority priority)
    {
        var spent = 0;
        while (budget.TryAcquireNow(RequestLane.Other, priority))
        {
            spent++;
        }

        return spent;
    }

    /// <summary>PagerDuty's side: so many requests per minute of the clock, ours and others'.</summary>
    private sealed class FixedWindow(int limit, FakeTimeProvider time)
    {
        private long _minute = -1;
        private int _used;

        public bool RefusedUs { get; private set; }

        public void Others(int requests)
        {
            Roll();
            // Others stop short of the limit, as they obey it too.
            _used = Math.Max(_used, Math.Min(_used + requests, limit - 25));
        }

        public RateHeaders Take()
        {
            Roll();
            RefusedUs |= _used >= limit;
            _used++;
            var left = 60 - (time.GetUtcNow().ToUnixTimeMilliseconds() / 1000 % 60);
            return new RateHeaders(limit, Math.Max(0, limit - _used), TimeSpan.FromSeconds(left), false);
        }

        private void Roll()
        {
            var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
            if (minute != _minute)
            {
                (_minute, _used) = (minute, 0);
            }
        }
    }
}
