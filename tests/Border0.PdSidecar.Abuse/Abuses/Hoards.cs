using System.Net.Sockets;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Abuse.Abuses;

/// <summary>Callers that keep what they have and want more.</summary>
internal static class Hoards
{
    /// <summary>Connections that say nothing, more than there may be.</summary>
    public static async Task ConnectionsAsync(Target target, Seen seen, CancellationToken cancellation)
    {
        var held = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 2500; i++)
            {
                var client = new TcpClient();
                held.Add(client);
                await client.ConnectAsync(target.Http.Host, target.Http.Port, cancellation);
            }

            await Task.WhenAll(held.Select(async client =>
            {
                try
                {
                    if (await client.GetStream().ReadAsync(new byte[1], cancellation) == 0)
                    {
                        seen.Add("closed");
                    }
                }
                catch (Exception e) when (e is IOException or OperationCanceledException)
                {
                    seen.Add(e is IOException ? "closed" : "held");
                }
            }));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            seen.Add("closed");
        }
        finally
        {
            held.ForEach(c => c.Dispose());
        }
    }

    /// <summary>EvaluateStreams that ask once.</summary>
    public static Task StreamsAsync(Target target, Seen seen, CancellationToken cancellation) => HoldAsync(target, seen, 20 * target.Scale, 100, async (client, _, _) =>
    {
        var call = client.EvaluateStream(cancellationToken: cancellation);
        try
        {
            await call.RequestStream.WriteAsync(new EvaluateStreamRequest { Requests = { Target.Request() } }, cancellation);
        }
        catch (InvalidOperationException)
        {
            // Refused before it was written: the status comes with the read.
        }

        await call.ResponseStream.MoveNext(cancellation);
        return call;
    }, cancellation);

    /// <summary>Watches of one connector.</summary>
    public static Task WatchesAsync(Target target, Seen seen, CancellationToken cancellation) => HoldAsync(target, seen, 20 * target.Scale, 100, async (client, connection, i) =>
    {
        var call = client.WatchSessions(new WatchSessionsRequest { ConnectorId = $"abuser-{connection}" }, cancellationToken: cancellation);
        return await call.ResponseStream.MoveNext(cancellation) ? call : throw new RpcException(new Status(StatusCode.Unknown, $"watch {i} ended"));
    }, cancellation);

    /// <summary>Sessions that never end.</summary>
    public static Task SessionsAsync(Target target, Seen seen, CancellationToken cancellation) => HoldAsync(target, seen, 4, 3000 * target.Scale, async (client, connection, i) =>
    {
        await client.EvaluateAsync(Target.Request("abuser", $"s-{connection}-{i}"), cancellationToken: cancellation);
        return null;
    }, cancellation);

    /// <summary>A connector id for each watch, which then ends.</summary>
    public static Task ConnectorsAsync(Target target, Seen seen, CancellationToken cancellation) => HoldAsync(target, seen, 4, 3000 * target.Scale, async (client, connection, i) =>
    {
        using var call = client.WatchSessions(new WatchSessionsRequest { ConnectorId = $"abuser-{connection}-{i}" }, cancellationToken: cancellation);
        await call.ResponseStream.MoveNext(cancellation);
        return null;
    }, cancellation);

    /// <summary>Does something often on several connections, and keeps what it gives until the end.</summary>
    private static Task HoldAsync(
        Target target, Seen seen, int connections, int times, Func<EvaluationService.EvaluationServiceClient, int, int, Task<IDisposable?>> act, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, connections).Select(connection => Task.Run(
            async () =>
            {
                var held = new List<IDisposable?>();
                using GrpcChannel channel = target.Connect();
                var client = new EvaluationService.EvaluationServiceClient(channel);
                for (var i = 0; i < times && !cancellation.IsCancellationRequested; i++)
                {
                    await seen.CallAsync(async () => held.Add(await act(client, connection, i)));
                }

                var over = new TaskCompletionSource();
                await using var registration = cancellation.Register(over.SetResult);
                await over.Task;
                held.ForEach(h => h?.Dispose());
            },
            CancellationToken.None)));
}
