using System.Globalization;
using Border0.PdSidecar.Load.Scenarios;
using Border0.PdSidecar.Load.Servers;

namespace Border0.PdSidecar.Load.Reporting;

/// <summary>One thing to reach.</summary>
internal sealed record Target(string What, string Wanted, string Reached, bool Met);

/// <summary>What the sidecar is to reach, beside what it reached in this run, as far as that was measured.</summary>
internal static class Targets
{
    public static IEnumerable<Target> Of(Report report) => All(report).Where(t => !t.Reached.StartsWith("NaN", StringComparison.Ordinal));

    private static IEnumerable<Target> All(Report report)
    {
        foreach (var load in new[] { Calls.TcpOne, Calls.UnixOne, Calls.TcpMany, Calls.UnixMany })
        {
            if (Both(report, load) is var (ours, echo))
            {
                yield return AtMost($"server CPU per Evaluate against the bare server ({load})", 1.15, ours.Cpu / echo.Cpu, "×");
            }
        }

        foreach (var load in new[] { Calls.TcpOne, Calls.TcpMany, H2Load.Name })
        {
            if (report.Find(load, Server.Sidecar) is { } ours && report.Find(load, Server.Cerbos) is { } cerbos)
            {
                yield return AtMost($"server CPU per Evaluate against Cerbos ({load})", 0.125, ours.Cpu / cerbos.Cpu, "×");
            }
        }

        if (Both(report, Calls.Stream1) is var (one, bare))
        {
            yield return AtLeast("EvaluateStream, 1 a message: throughput against a bare bidirectional echo", 0.9, one.PerSecond / bare.PerSecond, "×");
        }

        if (report.Find(Calls.Stream16, Server.Sidecar) is { } sixteen && report.Find(Calls.UnixOne64, Server.Sidecar) is { } unary)
        {
            yield return AtLeast("EvaluateStream, 16 a message: throughput against unary (64 in flight)", 3, sixteen.PerSecond / unary.PerSecond, "×");
            yield return AtMost("EvaluateStream, 16 a message: server CPU per request against unary (64 in flight)", 0.333, sixteen.Cpu / unary.Cpu, "×");
        }

        yield return AtMost("start to first answered RPC", 100, report.Single("start"), "ms");
        yield return AtMost("resident, idle", 45, report.Single("idle-rss-" + Server.Sidecar), "MB");
        yield return AtMost("resident, more by 100,000 open sessions", 60, report.Single("sessions-rss"), "MB");
        foreach (var sessions in new[] { "10000", "1000" })
        {
            yield return AtMost($"one resolve ends {sessions} sessions: against as many messages of the bare server", 2, report.Single("fanout-" + sessions) / report.Single($"fanout-{sessions}-echo"), "×");
        }

        yield return AtMost("one session among 10,000: p99", 10, report.Single("one-p99"), "ms");
        if (report.Find(Calls.Paced, Server.Sidecar) is { } paced)
        {
            yield return AtMost("2,000 requests/s, open loop, Unix socket: p50", 0.3, paced.P50, "ms");
            yield return AtMost("2,000 requests/s, open loop, Unix socket: p99", 1, paced.P99, "ms");
            yield return AtMost("2,000 requests/s, open loop, Unix socket: p99.9", 5, paced.P999, "ms");
        }

        if (report.Find(DecisionLogCost.With, Server.Sidecar) is { } with && report.Find(DecisionLogCost.Without, Server.Sidecar) is { } without)
        {
            yield return AtMost("2,000 requests/s, open loop: p99 with the decision log against without it", 1.05, with.P99 / without.P99, "×");
        }

        yield return AtMost("resident, loaded (1,000 policies, 10,000 sessions, 2,000 requests/s)", 64, report.Single("loaded-rss"), "MB");
        yield return AtMost("idle CPU with 1,000 services polled", 0.5, report.Single("idle-cpu"), "% of a core");
    }

    private static (Figures Ours, Figures Echo)? Both(Report report, string load) =>
        report.Find(load, Server.Sidecar) is { } ours && report.Find(load, Server.Echo) is { } echo ? (ours, echo) : null;

    private static Target AtMost(string what, double bound, double value, string unit) => new(what, $"≤ {Text(bound)} {unit}", $"{Text(value)} {unit}", value <= bound);

    private static Target AtLeast(string what, double bound, double value, string unit) => new(what, $"≥ {Text(bound)} {unit}", $"{Text(value)} {unit}", value >= bound);

    private static string Text(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
