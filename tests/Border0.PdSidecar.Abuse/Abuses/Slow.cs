using System.Net.Sockets;
using Border0.PdSidecar.Abuse.Wire;
using Google.Protobuf;

namespace Border0.PdSidecar.Abuse.Abuses;

/// <summary>Callers that take their time.</summary>
internal static class Slow
{
    /// <summary>Calls whose message comes a byte at a time.</summary>
    public static Task WritersAsync(Target target, Seen seen, CancellationToken cancellation) => ConnectionsAsync(target, seen, window: 65_535, async connection =>
    {
        for (var stream = 1; stream < 200; stream += 2)
        {
            await connection.SendAsync(RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, stream, RawHttp2.Call(Target.Evaluate)), cancellation);
            await connection.SendAsync(RawHttp2.Frame(RawHttp2.Data, 0, stream, RawHttp2.Message(1000, 1)), cancellation);
        }

        while (true)
        {
            await Task.Delay(1000, cancellation);
            await connection.SendAsync(RawHttp2.Frame(RawHttp2.Data, 0, 1, new byte[1]), cancellation);
        }
    }, cancellation);

    /// <summary>Callers that leave no room for any answer: what was decided for them is held.</summary>
    public static Task ReadersAsync(Target target, Seen seen, CancellationToken cancellation) => ConnectionsAsync(target, seen, window: 0, async connection =>
    {
        var request = Target.Request().ToByteArray();
        var message = RawHttp2.Message(request.Length, request.Length);
        request.CopyTo(message, 5);
        for (var stream = 1; stream < 500; stream += 2)
        {
            await connection.SendAsync(RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, stream, RawHttp2.Call(Target.Evaluate)), cancellation);
            await connection.SendAsync(RawHttp2.Frame(RawHttp2.Data, RawHttp2.EndStream, stream, message), cancellation);
        }

        await Task.Delay(Timeout.Infinite, cancellation);
    }, cancellation);

    private static Task ConnectionsAsync(Target target, Seen seen, int window, Func<RawHttp2, Task> act, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, 20 * target.Scale).Select(_ => Task.Run(
            async () =>
            {
                try
                {
                    using var connection = await RawHttp2.ConnectAsync(target.Grpc, seen, window, reads: true, cancellation);
                    await act(connection);
                }
                catch (Exception e) when (e is SocketException or OperationCanceledException)
                {
                    seen.Add(e is SocketException ? "closed" : "held");
                }
            },
            CancellationToken.None)));
}
