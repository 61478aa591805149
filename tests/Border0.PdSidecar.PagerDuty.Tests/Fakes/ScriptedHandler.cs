using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Border0.PdSidecar.PagerDuty.Tests.Fakes;

/// <summary>Answers requests as a test says, and remembers them.</summary>
internal sealed class ScriptedHandler(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer)
    : HttpMessageHandler
{
    public ScriptedHandler(Func<HttpRequestMessage, HttpResponseMessage> answer)
        : this((request, _) => Task.FromResult(answer(request)))
    {
    }

    public ConcurrentQueue<HttpRequestMessage> Requests { get; } = new();

    public IEnumerable<string> Paths => Requests.Select(r => Uri.UnescapeDataString(r.RequestUri!.PathAndQuery));

    public static HttpResponseMessage Json(string body, HttpStatusCode status = HttpStatusCode.OK) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Html(string body, HttpStatusCode status) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "text/html") };

    /// <summary>The values of a repeated query key.</summary>
    public static List<string> Query(HttpRequestMessage request, string key) =>
        [.. request.RequestUri!.Query.TrimStart('?').Split('&').Select(p => p.Split('=', 2))
            .Where(p => Uri.UnescapeDataString(p[0]) == key).Select(p => Uri.UnescapeDataString(p[1]))];

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Enqueue(request);
        return await answer(request, cancellationToken);
    }
}
