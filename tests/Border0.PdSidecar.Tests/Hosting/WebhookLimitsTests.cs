using System.Net;
using System.Net.Sockets;
using System.Text;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Tests.Hosting;

/// <summary>The one door that anybody on the network may knock at.</summary>
public sealed class WebhookLimitsTests : IDisposable
{
    private const string Path = "/webhooks/pagerduty/v3/pd";
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _patience.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ALargeBody_IsRefused_WithAndWithoutALength(bool withLength)
    {
        await using var host = await RunningHost.StartAsync(_patience.Token);
        using var content = new ByteArrayContent(new byte[(2 << 20) + 1]);
        using var request = new HttpRequestMessage(HttpMethod.Post, At(host)) { Content = content };
        request.Headers.TransferEncodingChunked = !withLength;
        using var answer = await _http.SendAsync(request, _patience.Token);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("outcome=\"TooLarge\"", await MetricsAsync(host), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASlowBody_IsGivenUp_AndTooManyAreSentAway()
    {
        await using var host = await RunningHost.StartAsync(_patience.Token, with: o => o with { Limits = new CallLimits { MaxWebhooks = 2 } });
        var slow = new List<TcpClient>();
        HttpResponseMessage busy;
        do
        {
            // Until two have been taken up: on a busy machine the first may have been given up when the second is.
            slow.Add(await SlowAsync(host));
            slow.Add(await SlowAsync(host));
            busy = await _http.PostAsync(At(host), new ByteArrayContent([1]), _patience.Token);
        }
        while (busy.StatusCode == HttpStatusCode.NotFound);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (busy.StatusCode, busy.Headers.RetryAfter?.ToString()));
        var answers = new List<string>();
        foreach (var client in slow)
        {
            answers.Add((await AnswerAsync(client))[..12]);
            client.Dispose();
        }

        Assert.All(answers, a => Assert.Contains(a, (string[])["HTTP/1.1 408", "HTTP/1.1 503"]));
        Assert.InRange(answers.Count(a => a == "HTTP/1.1 408"), 2, slow.Count);
        using var served = await _http.PostAsync(At(host), new ByteArrayContent([1]), _patience.Token);
        Assert.Equal(HttpStatusCode.NotFound, served.StatusCode);
        var metrics = await MetricsAsync(host);
        Assert.Contains("outcome=\"TooSlow\"", metrics, StringComparison.Ordinal);
        Assert.Contains("outcome=\"Busy\"", metrics, StringComparison.Ordinal);
        busy.Dispose();
    }

    private static Uri At(RunningHost host) => new($"http://{host.Host.Endpoints.Http}{Path}");

    private async Task<string> MetricsAsync(RunningHost host) => await _http.GetStringAsync(new Uri($"http://{host.Host.Endpoints.Http}/metrics"), _patience.Token);

    /// <summary>A delivery whose body does not come.</summary>
    private async Task<TcpClient> SlowAsync(RunningHost host)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(host.Host.Endpoints.Http), _patience.Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"), _patience.Token);
        return client;
    }

    private async Task<string> AnswerAsync(TcpClient client)
    {
        var buffer = new byte[1024];
        return Encoding.ASCII.GetString(buffer, 0, await client.GetStream().ReadAsync(buffer, _patience.Token));
    }
}
