using Border0.PdSidecar.Load.Loads;
using Border0.PdSidecar.Load.Reporting;
using Border0.PdSidecar.Load.Servers;

namespace Border0.PdSidecar.Load.Scenarios;

/// <summary>What a call costs: unary, on a stream, and paced.</summary>
internal static class Calls
{
    public const string TcpOne = "unary, TCP, 1 connection, 16 in flight", TcpOne64 = "unary, TCP, 1 connection, 64 in flight", TcpMany = "unary, TCP, 16 connections, 1 in flight each";
    public const string UnixOne = "unary, Unix socket, 1 connection, 16 in flight", UnixOne64 = "unary, Unix socket, 1 connection, 64 in flight", UnixMany = "unary, Unix socket, 16 connections, 1 in flight each";
    public const string Stream1 = "EvaluateStream, 1 a message, 64 in flight", Stream16 = "EvaluateStream, 16 a message, 64 in flight";
    public const string Paced = "open loop, 2,000/s, Unix socket";
    public const string Reevaluate = "unary with the key of an open session, Unix socket, 16 in flight", NewSession = "unary that opens a session, Unix socket, 16 in flight";

    public static async Task RunAsync(Report report, Length length, SidecarServer sidecar, EchoServer echo, CerbosServer? cerbos)
    {
        List<Server> both = [sidecar, echo];
        List<Server> all = cerbos is null ? both : [.. both, cerbos];
        foreach (var (name, servers, unix, connections, inFlight) in new (string, List<Server>, bool, int, int)[]
        {
            (TcpOne, all, false, 1, 16), (TcpOne64, both, false, 1, 64), (TcpMany, all, false, 16, 1),
            (UnixOne, both, true, 1, 16), (UnixOne64, both, true, 1, 64), (UnixMany, both, true, 16, 1),
        })
        {
            await Measure.RoundsAsync(report, name, length, servers, s => Unary(s, unix, connections, inFlight));
        }

        var request = Requests.Of("bastion-1");
        foreach (var (name, perMessage) in new[] { (Stream1, 1), (Stream16, 16) })
        {
            await Measure.RoundsAsync(report, name, length, both, s => [new StreamLoad(s.Unix, request, s.AnswerBegins, perMessage, 64)]);
        }

        await Measure.RoundsAsync(report, Paced, length, both, s => [new PacedLoad(s.Unix, s.Method, _ => s.Request, s.AnswerBegins, 2_000)], length.PacedRound);
    }

    /// <summary>What a session adds to a call.</summary>
    public static async Task RunSessionsAsync(Report report, Length length, SidecarServer sidecar)
    {
        var keys = Enumerable.Range(0, 64).Select(i => Google.Protobuf.MessageExtensions.ToByteArray(Requests.Of("bastion-1", "c0", $"again-{i}"))).ToArray();
        await Measure.RoundsAsync(report, Reevaluate, length, [sidecar], s => [new UnaryLoad(s.Unix, s.Method, n => keys[n % keys.Length], s.AnswerBegins, 16)]);
        var run = 0;
        await Measure.RoundsAsync(
            report,
            NewSession,
            length,
            [sidecar],
            s =>
            {
                var prefix = $"new-{run++}-";
                return [new UnaryLoad(s.Unix, s.Method, n => Google.Protobuf.MessageExtensions.ToByteArray(Requests.Of("bastion-1", "c0", prefix + n)), s.AnswerBegins, 16)];
            });
    }

    public static IReadOnlyList<LoadThread> Unary(Server server, bool unix, int connections, int inFlight) =>
    [
        .. Enumerable.Range(0, connections).Select(_ => new UnaryLoad(unix ? server.Unix : server.Tcp, server.Method, _ => server.Request, server.AnswerBegins, inFlight)),
    ];
}
