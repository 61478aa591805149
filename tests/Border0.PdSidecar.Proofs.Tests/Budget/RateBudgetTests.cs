using System.Diagnostics;
using System.Globalization;
using Border0.PdSidecar.Simulator.Rest;
using Border0.PdSidecar.V1;
using Xunit.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.Budget;

/// <summary>A large account polled for hours: never beyond the share, never less often than it allows, whatever happens to the limit.</summary>
public class RateBudgetTests(ITestOutputHelper output)
{
    private const double Share = 0.5;
    private const int FullLimit = 960;
    private const int SmallLimit = 120;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan IncidentsTarget = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OnCallTarget = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task ALargeAccount_IsPolledAsOftenAsItsShareAllows_AndNeverBeyond()
    {
        var minutes = Soak.Runs(1, 20);
        await using var account = await LargeAccount.StartAsync();
        await account.LiveAsync(2 * Minute);
        var lines = new List<string>();

        // The published limit is enough for every target.
        var usual = await PhaseAsync("limit 960", account, 5 * minutes * Minute, FullLimit, lines);
        Assert.InRange(usual.Incidents, 0.95 * IncidentsTarget, 1.1 * IncidentsTarget);
        Assert.InRange(usual.OnCall, 0.95 * OnCallTarget, 1.1 * OnCallTarget);
        Assert.All(await account.MetricAsync("pdsidecar_facts_age_seconds"), age => Assert.InRange(age.Value, 0, age.Key == "Incidents" ? 7 : age.Key == "OnCall" ? 40 : 620));

        // A limit too small for them: all are stretched alike, none is dropped.
        account.ApiKey.LimitPerMinute = SmallLimit;
        await account.LiveAsync(4 * Minute);
        var small = await PhaseAsync("limit 120", account, 8 * minutes * Minute, SmallLimit, lines);
        Assert.InRange(small.OnCall / OnCallTarget / (small.Incidents / IncidentsTarget), 0.8, 1.25);
        Assert.InRange(small.RequestsPerMinute, 0.75 * Share * SmallLimit, Share * SmallLimit);

        // Somebody else uses the whole key up: the sidecar stands back, then goes on by itself.
        account.ApiKey.LimitPerMinute = FullLimit;
        await account.LiveAsync(3 * Minute);
        var begun = account.Now;
        await account.LiveAsync(3 * Minute, somebodyElse: true);
        var refused = account.Asked.Count(r => r.At >= begun && r.Status == 429);
        Assert.InRange(refused, 1, 3 * 6);
        await account.LiveAsync(2 * Minute);
        var after = await PhaseAsync("after the key was used up", account, 3 * minutes * Minute, FullLimit, lines);
        Assert.InRange(after.Incidents, 0.95 * IncidentsTarget, 1.1 * IncidentsTarget);
        Assert.InRange(after.OnCall, 0.95 * OnCallTarget, 1.1 * OnCallTarget);

        var checkedNow = await account.CheckAsync();
        Assert.True(checkedNow.Usable, checkedNow.ToString());
        Assert.Equal(IntegrationState.Ok, checkedNow.Status.State);
        Assert.Equal(LargeAccount.Services, checkedNow.Status.WatchedServices);
        Assert.Equal(LargeAccount.EscalationPolicies, checkedNow.Status.WatchedEscalationPolicies);
        Assert.All(account.Asked, r => Assert.InRange(r.Query.Length, 0, 8_000));
        lines.Add($"429 while somebody else used the key up for 3 min: {refused}");
        Soak.Report(output, $"rate budget, 2,000 services, 1,000 escalation policies, 8,000 on-call rows: {string.Join("; ", lines)}");
    }

    private static async Task<Reached> PhaseAsync(string name, LargeAccount account, TimeSpan time, int limit, List<string> lines)
    {
        var (begun, cpu) = (account.Now, Process.GetCurrentProcess().TotalProcessorTime);
        await account.LiveAsync(time);
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        var asked = account.Asked.Where(r => r.At >= begun).ToList();
        Assert.All(asked, r => Assert.Equal(200, r.Status));
        var most = MostInAMinute(asked);
        Assert.InRange(most, 1, (int)(Share * limit));

        // What CheckIntegration says is what the metric says is what PagerDuty saw.
        var budget = (await account.CheckAsync()).RateBudget;
        var metric = await account.MetricAsync("pdsidecar_pagerduty_cadence_seconds");
        Assert.Equal(limit, budget.Limit);
        Assert.Equal(Share, budget.Share);
        Assert.Equal(budget.OnCallInterval.ToTimeSpan().TotalSeconds, metric["OnCall"]);
        Assert.Equal(budget.ServicesInterval.ToTimeSpan().TotalSeconds, metric["Services"]);
        var incidents = Cadence(asked, "/incidents");
        var onCall = Cadence(asked, "/oncalls");
        Assert.InRange(budget.IncidentsInterval.ToTimeSpan() / incidents, 0.7, 1.4);
        Assert.InRange(budget.OnCallInterval.ToTimeSpan() / onCall, 0.7, 1.4);
        var perMinute = asked.Count / time.TotalMinutes;
        lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: incidents every {incidents.TotalSeconds:0.0} s, on-call every {onCall.TotalSeconds:0.0} s, {perMinute:0} requests/min, at most {most} in any minute of {Share * limit:0} allowed, {cpu.TotalSeconds / time.TotalSeconds:P1} of a core with the simulator"));
        return new Reached(incidents, onCall, perMinute);
    }

    private static int MostInAMinute(List<ApiRequest> asked)
    {
        var most = 0;
        for (var (first, last) = (0, 0); last < asked.Count; last++)
        {
            while (asked[last].At - asked[first].At >= Minute)
            {
                first++;
            }

            most = Math.Max(most, last - first + 1);
        }

        return most;
    }

    /// <summary>Time between two rounds of questions, as PagerDuty sees them: a round begins with the first page of its first batch.</summary>
    private static TimeSpan Cadence(List<ApiRequest> asked, string path)
    {
        var first = asked.First(r => r.Path == path && IsFirstPage(r));
        var ids = IdsOf(first);
        var rounds = asked.Where(r => r.Path == path && IsFirstPage(r) && IdsOf(r) == ids).Select(r => r.At).ToList();
        return (rounds[^1] - rounds[0]) / (rounds.Count - 1);
    }

    private static bool IsFirstPage(ApiRequest request) =>
        !request.Query.Contains("offset=", StringComparison.Ordinal) || request.Query.Contains("offset=0&", StringComparison.Ordinal) || request.Query.EndsWith("offset=0", StringComparison.Ordinal);

    private static string IdsOf(ApiRequest request) =>
        string.Join('&', request.Query.TrimStart('?').Split('&').Where(p => p.Contains("ids[]", StringComparison.Ordinal)));

    private sealed record Reached(TimeSpan Incidents, TimeSpan OnCall, double RequestsPerMinute);
}
