using System.Net;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>Where an API key may be sent: to PagerDuty's own hosts, and to the one address that configuration allows.</summary>
public sealed record PagerDutyAddresses
{
    /// <summary>PagerDuty's REST API of accounts in the United States.</summary>
    public static Uri Us { get; } = new("https://api.pagerduty.com");

    /// <summary>PagerDuty's REST API of accounts in the European Union.</summary>
    public static Uri Eu { get; } = new("https://api.eu.pagerduty.com");

    /// <summary>An address in place of PagerDuty's that configuration allows; null: none. Its scheme is allowed along with it.</summary>
    public Uri? Allowed { get; init; }

    /// <summary>
    /// Whether the name in <see cref="Allowed"/> may lead to an address that is not public. An address that stands there itself, and
    /// loopback for "localhost", need no such word: nothing but configuration says where they lead.
    /// </summary>
    public bool AllowPrivate { get; init; }

    /// <summary>Why no key is sent to an address; null when it may be.</summary>
    public string? RefusalOf(Uri baseUrl) => baseUrl == Us || baseUrl == Eu || baseUrl == Allowed
        ? null
        : $"{baseUrl.GetLeftPart(UriPartial.Authority)} is not PagerDuty's and not allowed by the sidecar's configuration (pagerduty_base_url); nothing is sent there.";

    /// <summary>Whether an address is PagerDuty's own: its certificate says who answers, whatever the name leads to.</summary>
    public static bool IsPagerDutys(Uri baseUrl) => baseUrl == Us || baseUrl == Eu;

    /// <summary>Whether a connection for <see cref="Allowed"/> may be opened to an address that its host led to just now.</summary>
    public bool MayConnect(string host, IPAddress address) =>
        AllowPrivate || IPAddress.TryParse(host.Trim('[', ']'), out _) || (host == "localhost" && IPAddress.IsLoopback(address)) || PublicAddress.Is(address);
}
