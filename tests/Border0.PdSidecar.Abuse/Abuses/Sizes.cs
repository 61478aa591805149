using System.IO.Compression;
using System.Net;
using Border0.PdSidecar.Abuse.Wire;
using Border0.PdSidecar.V1;
using Grpc.Core;

namespace Border0.PdSidecar.Abuse.Abuses;

/// <summary>What is too large, or gets so.</summary>
internal static class Sizes
{
    /// <summary>64 KiB of headers.</summary>
    public static async Task HeadersAsync(Target target, Seen seen, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{target.Grpc}{Target.Evaluate}"))
                {
                    Version = HttpVersion.Version20,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                    Content = new ByteArrayContent([]),
                };
                for (var i = 0; i < 8; i++)
                {
                    request.Headers.TryAddWithoutValidation($"x-large-{i}", new string('x', 8000));
                }

                using var answer = await http.SendAsync(request, cancellation);
                seen.Add($"{(int)answer.StatusCode}");
            }
            catch (HttpRequestException)
            {
                seen.Add("closed");
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Messages that are larger than they may be, and some that just may.</summary>
    public static Task MessagesAsync(Target target, Seen seen, CancellationToken cancellation) => EachAsync(target, 4, async client =>
    {
        foreach (var size in (int[])[3 << 20, 5 << 20])
        {
            var request = Target.Request();
            request.Groups.Add(new string('g', size));
            await seen.CallAsync(async () => await client.EvaluateAsync(request, cancellationToken: cancellation));
        }
    }, cancellation);

    /// <summary>A quarter of a megabyte on the wire that is 256 megabytes of zeros.</summary>
    public static async Task InflatingAsync(Target target, Seen seen, CancellationToken cancellation)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var i = 0; i < 256; i++)
            {
                await gzip.WriteAsync(new byte[1 << 20], cancellation);
            }
        }

        var message = RawHttp2.Message((int)packed.Length, (int)packed.Length);
        message[0] = 1;
        packed.ToArray().CopyTo(message, 5);
        using var http = new HttpClient();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync(target, http, () => new ByteArrayContent(message), seen, cancellation)));
    }

    /// <summary>The first megabyte of messages that never get whole, on every stream of several connections.</summary>
    public static Task UnfinishedAsync(Target target, Seen seen, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, 4 * target.Scale).Select(async _ =>
        {
            using var http = new HttpClient();
            await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => PostAsync(target, http, () => new HalfMessage(cancellation), seen, cancellation)));
        }));

    /// <summary>Posts what is to be a message, as long as it is let.</summary>
    private static async Task PostAsync(Target target, HttpClient http, Func<HttpContent> content, Seen seen, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{target.Grpc}{Target.Evaluate}"))
                {
                    Version = HttpVersion.Version20,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                    Content = content(),
                };
                request.Headers.TryAddWithoutValidation("te", "trailers");
                request.Headers.TryAddWithoutValidation("grpc-encoding", "gzip");
                request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
                using var answer = await http.SendAsync(request, cancellation);
                var status = answer.Headers.TryGetValues("grpc-status", out var early) ? early : answer.TrailingHeaders.TryGetValues("grpc-status", out var late) ? late : ["2"];
                seen.Add($"{(StatusCode)int.Parse(status.Single())}");
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                seen.Add("closed");
            }
            catch (OperationCanceledException)
            {
                seen.Add("held");
                return;
            }
        }
    }

    private static Task EachAsync(Target target, int callers, Func<EvaluationService.EvaluationServiceClient, Task> act, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(
            async () =>
            {
                using var channel = target.Connect();
                while (!cancellation.IsCancellationRequested)
                {
                    await act(new EvaluationService.EvaluationServiceClient(channel));
                }
            },
            CancellationToken.None)));

    /// <summary>A megabyte of four, and then nothing.</summary>
    private sealed class HalfMessage(CancellationToken over) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(RawHttp2.Message(4 << 20, 1 << 20), over);
            await stream.FlushAsync(over);
            await Task.Delay(Timeout.Infinite, over);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
