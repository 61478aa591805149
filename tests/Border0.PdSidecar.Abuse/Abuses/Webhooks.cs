using System.Net.Sockets;
using System.Text;

namespace Border0.PdSidecar.Abuse.Abuses;

/// <summary>Deliveries that nobody asked for, at the one door without credentials.</summary>
internal static class Webhooks
{
    /// <summary>Three megabytes, without a length, as fast as they are taken.</summary>
    public static async Task LargeAsync(Target target, Seen seen, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            while (!cancellation.IsCancellationRequested)
            {
                try
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, target.Webhooks) { Content = new ByteArrayContent(new byte[3 << 20]) };
                    request.Headers.TransferEncodingChunked = true;
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
        }));
    }

    /// <summary>Deliveries of a megabyte whose last byte does not come.</summary>
    public static Task SlowAsync(Target target, Seen seen, CancellationToken cancellation) => Task.WhenAll(Enumerable.Range(0, 400 * target.Scale).Select(async i =>
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(target.Http.Host, target.Http.Port, cancellation);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {target.Webhooks.AbsolutePath} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"), cancellation);
            try
            {
                await stream.WriteAsync(new byte[i % 2 == 0 ? 10 : 900_000], cancellation);
            }
            catch (IOException)
            {
                // Answered and closed before it had all been written: what was answered is still to be read.
            }

            var answer = new byte[64];
            var read = await stream.ReadAsync(answer, cancellation);
            seen.Add(read > 12 ? Encoding.ASCII.GetString(answer, 9, 3) : "closed");
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            seen.Add(e is OperationCanceledException ? "held" : "closed");
        }
    }));
}
