using System.Net;
using Border0.PdSidecar.PagerDuty.Rest;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.PagerDuty.Tests.Fakes;

/// <summary>Makes clients that ask a handler instead of the network.</summary>
internal static class Clients
{
    public const string Key = "y_NbAkKc66ryYTWUXYEu";
    public static readonly Uri BaseUrl = new("https://api.pagerduty.test");
    public static readonly PagerDutyClientOptions NoRetries = new() { Retries = 0, AttemptTimeout = TimeSpan.FromHours(1), Addresses = new PagerDutyAddresses { Allowed = BaseUrl } };

    public static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static FakeTimeProvider Clock() => new(Start);

    public static PagerDutyClient Of(
        HttpMessageHandler handler, TimeProvider? time = null, PagerDutyClientOptions? options = null) =>
        new PagerDutyClients(options ?? NoRetries, time ?? Clock(), NullLoggerFactory.Instance, handler)
            .For(BaseUrl, Key);

    public static PagerDutyClient Answering(string body, HttpStatusCode status = HttpStatusCode.OK) =>
        Of(new ScriptedHandler(_ => ScriptedHandler.Json(body, status)));
}
