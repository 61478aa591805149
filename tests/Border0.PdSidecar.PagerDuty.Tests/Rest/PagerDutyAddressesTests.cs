using System.Net;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.PagerDuty.Tests.Rest;

/// <summary>An API key goes to PagerDuty, or where configuration says, and nowhere else.</summary>
public class PagerDutyAddressesTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 28\r\nConnection: close\r\n\r\n{\"services\":[],\"more\":false}";

    [Theory]
    [InlineData("https://api.pagerduty.com")]
    [InlineData("https://api.eu.pagerduty.com/")]
    [InlineData("https://API.PagerDuty.com:443")]
    [InlineData("http://simulator.test:8080/pd")]
    public void Allowed(string address) => Assert.Null(new PagerDutyAddresses { Allowed = new Uri("http://simulator.test:8080/pd") }.RefusalOf(new Uri(address)));

    [Theory]
    [InlineData("http://api.pagerduty.com")]
    [InlineData("https://api.pagerduty.com:8443")]
    [InlineData("https://api.pagerduty.com/elsewhere")]
    [InlineData("https://api.pagerduty.com.evil.test")]
    [InlineData("https://pagerduty.com")]
    [InlineData("https://simulator.test:8080/pd")]
    [InlineData("http://simulator.test:8081/pd")]
    [InlineData("http://simulator.test:8080/other")]
    [InlineData("http://127.0.0.1:1")]
    public void Refused(string address)
    {
        var refusal = new PagerDutyAddresses { Allowed = new Uri("http://simulator.test:8080/pd") }.RefusalOf(new Uri(address));
        Assert.Contains("pagerduty_base_url", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("100.128.0.1", true)]
    [InlineData("172.32.0.1", true)]
    [InlineData("2600:1f18::1", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("64:ff9b::8.8.8.8", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.8.9.10", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("192.0.0.192", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("64:ff9b::10.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("ff02::1", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2002:7f00:1::1", false)]
    public void Public(string address, bool isPublic)
    {
        Assert.Equal(isPublic, PublicAddress.Is(IPAddress.Parse(address)));
        Assert.Equal(isPublic, new PagerDutyAddresses().MayConnect("pagerduty.test", IPAddress.Parse(address)));
        Assert.True(new PagerDutyAddresses { AllowPrivate = true }.MayConnect("pagerduty.test", IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("[::1]", "::1", true)]
    [InlineData("localhost", "::1", true)]
    [InlineData("localhost", "10.0.0.1", false)]
    [InlineData("localhost.evil.test", "127.0.0.1", false)]
    public void AnAddressThatConfigurationItselfNames_IsAllowedWithIt(string host, string address, bool may) =>
        Assert.Equal(may, new PagerDutyAddresses().MayConnect(host, IPAddress.Parse(address)));

    [Fact]
    public async Task AnAddressThatIsNotAllowed_IsNotSentAnything()
    {
        await using var server = new ScriptedServer(Ok);
        await using var other = new ScriptedServer(Ok);
        using var clients = Make(new PagerDutyAddresses { Allowed = other.At });
        var answer = await clients.For(server.At, Clients.Key).ListServicesAsync("", 0, 1, RequestPriority.OnDemand, default);
        Assert.Equal(PagerDutyOutcome.Unavailable, answer.Outcome);
        Assert.Contains("pagerduty_base_url", answer.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);

        Assert.Equal(PagerDutyOutcome.Ok, (await clients.For(other.At, Clients.Key).ListServicesAsync("", 0, 1, RequestPriority.OnDemand, default)).Outcome);
        Assert.Contains(Clients.Key, Assert.Single(other.Requests), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task ARedirect_IsNotFollowed(int status)
    {
        await using var target = new ScriptedServer(Ok);
        await using var server = new ScriptedServer($"HTTP/1.1 {status} Moved\r\nLocation: {target.At}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using var clients = Make(new PagerDutyAddresses { Allowed = server.At });
        var answer = await clients.For(server.At, Clients.Key).ListServicesAsync("", 0, 1, RequestPriority.OnDemand, default);
        Assert.Equal(PagerDutyOutcome.Invalid, answer.Outcome);
        Assert.Single(server.Requests);
        Assert.Empty(target.Requests);
    }

    [Fact]
    public async Task ANameThatLeadsToAPrivateAddress_IsNotConnectedTo()
    {
        await using var server = new ScriptedServer(Ok);
        var answer = await AskAsync(new PagerDutyAddresses(), server.Port, IPAddress.Loopback);
        var refused = AddressRefusedException.In(Assert.IsAssignableFrom<HttpRequestException>(answer));
        Assert.Contains("127.0.0.1", refused!.Message, StringComparison.Ordinal);
        Assert.Contains("pagerduty_private_addresses", refused.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);

        Assert.Null(await AskAsync(new PagerDutyAddresses { AllowPrivate = true }, server.Port, IPAddress.Loopback));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task WhatIsChecked_IsWhatIsConnectedTo()
    {
        // A name that leads elsewhere the next time it is looked up: it is looked up once.
        await using var server = new ScriptedServer(Ok, IPAddress.Parse("127.0.0.2"));
        Assert.Null(await AskAsync(new PagerDutyAddresses { AllowPrivate = true }, server.Port, IPAddress.Parse("127.0.0.2"), IPAddress.Loopback));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task ARefusedName_SaysSoInTheOutcomeAndIsNotTriedAgain()
    {
        var (address, lookUps) = (new Uri("http://pagerduty.test"), 0);
        var addresses = new PagerDutyAddresses { Allowed = address };
        using var clients = new PagerDutyClients(
            new PagerDutyClientOptions { Retries = 3, Addresses = addresses }, TimeProvider.System, NullLoggerFactory.Instance, PagerDutyNetwork.ToAllowed(addresses, (_, _) =>
            {
                lookUps++;
                return Task.FromResult(new[] { IPAddress.Parse("169.254.169.254") });
            }));
        var answer = await clients.For(address, Clients.Key).ListServicesAsync("", 0, 1, RequestPriority.OnDemand, default);
        Assert.Equal(1, lookUps);
        Assert.Equal(PagerDutyOutcome.Unavailable, answer.Outcome);
        Assert.Contains("pagerduty_private_addresses", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AKeyThatWasOnlyChecked_IsForgotten()
    {
        var time = Clients.Clock();
        using var clients = new PagerDutyClients(Clients.NoRetries, time, NullLoggerFactory.Instance, new ScriptedHandler(_ => ScriptedHandler.Json("{}")));
        var (used, probed) = (clients.For(Clients.BaseUrl, "used"), Probe(clients));
        Assert.Same(used, clients.For(Clients.BaseUrl, "used"));
        time.Advance(TimeSpan.FromMinutes(21));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(probed.TryGetTarget(out _));

        // Somebody polls with this one: it keeps its budget however long nobody asks for it.
        Assert.Same(used, clients.For(Clients.BaseUrl, "used"));
        GC.KeepAlive(used);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference<PagerDutyClient> Probe(PagerDutyClients clients) => new(clients.For(Clients.BaseUrl, "probed"));

    private static PagerDutyClients Make(PagerDutyAddresses addresses) =>
        new(new PagerDutyClientOptions { Retries = 0, Addresses = addresses }, TimeProvider.System, NullLoggerFactory.Instance);

    /// <summary>Asks a name that leads to the addresses one after the other, a look-up each; null when it was answered.</summary>
    private static async Task<Exception?> AskAsync(PagerDutyAddresses addresses, int port, params IPAddress[] leadsTo)
    {
        var answers = new Queue<IPAddress>(leadsTo);
        using var http = new HttpMessageInvoker(PagerDutyNetwork.ToAllowed(addresses, (_, _) => Task.FromResult(new[] { answers.Dequeue() })));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://pagerduty.test:{port}/services"));
        try
        {
            using var response = await http.SendAsync(request, default);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return null;
        }
        catch (HttpRequestException e)
        {
            return e;
        }
    }
}
