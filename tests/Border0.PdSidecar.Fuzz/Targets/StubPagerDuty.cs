using System.Net;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>Answers what a test says in PagerDuty's place, without a network.</summary>
internal sealed class StubPagerDuty(Func<string, (HttpStatusCode Status, byte[] Body)> answer) : HttpMessageHandler
{
    public static readonly Uri BaseUrl = new("https://api.pagerduty.test");

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (status, body) = answer(request.RequestUri!.AbsolutePath);
        return Task.FromResult(new HttpResponseMessage(status) { Content = new ByteArrayContent(body) });
    }
}
