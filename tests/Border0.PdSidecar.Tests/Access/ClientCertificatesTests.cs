using System.Security.Cryptography.X509Certificates;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Access.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>Clients that are known by certificate, between their handshake and their end.</summary>
public sealed class ClientCertificatesTests : IDisposable
{
    private readonly TestAuthority _authority = new("clients");
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private ClientAuthorities _accepted;

    public ClientCertificatesTests() => _accepted = ClientAuthorities.Of(_authority.Pem);

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task AuthoritiesThatChange_BetweenTheHandshakeAndTheFirstCall_AreMet()
    {
        using var others = new TestAuthority("others");
        var (clients, connection) = Connect("CN=a");
        _accepted = ClientAuthorities.Of(others.Pem);
        clients.LookAgain();

        await clients.ServeAsync(connection, caller =>
        {
            Assert.Equal("certificate cn:a is of no authority that is accepted any more", caller!.Ended);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task ACertificate_EndsAtItsSecond()
    {
        var (clients, connection) = Connect("CN=a");

        await clients.ServeAsync(connection, caller =>
        {
            _time.Advance(TimeSpan.FromDays(9.9));
            Assert.Null(caller!.Ended);
            _time.Advance(TimeSpan.FromDays(0.1));
            Assert.StartsWith("certificate cn:a expired at ", caller.Ended, StringComparison.Ordinal);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task WhoIsGone_IsNotLookedAtAgain()
    {
        var (clients, connection) = Connect("CN=a");
        Caller? gone = null;
        await clients.ServeAsync(connection, caller =>
        {
            gone = caller;
            return Task.CompletedTask;
        });

        _accepted = ClientAuthorities.Of(new TestAuthority("others").Pem);
        clients.LookAgain();
        _time.Advance(TimeSpan.FromDays(100));

        Assert.Null(gone!.Ended);
    }

    [Fact]
    public void AnEnd_MayComeWhenItsConnectionIsOver()
    {
        var end = new CallerEnd();
        end.Dispose();
        end.Come("late");
        Assert.Equal("late", end.Why);
    }

    [Fact]
    public void WhatAStrangerIsCalled_IsPrintable_AndBounded()
    {
        Assert.Equal("CN=a??[31mb\u00e9", RefusedClients.Printable("CN=a\n\u001b[31mb\u00e9"));
        Assert.Equal(128, RefusedClients.Printable(new string('x', 10_000)).Length);
    }

    private (ClientCertificates Clients, ConnectionContext Connection) Connect(string subject)
    {
        Assert.True(CallerRules.TryRead("cn:a=viewer", out var rules));
        var clients = new ClientCertificates(() => _accepted, rules, _time, (_, why) => Assert.Fail(why));
        var certificate = _authority.Certify(subject, [], _time.GetUtcNow().AddDays(10));
        var connection = new DefaultConnectionContext();
        connection.Features.Set<ITlsConnectionFeature>(new Shown(certificate));
        Assert.True(clients.Accept(connection, certificate, null));
        return (clients, connection);
    }

    private sealed class Shown(X509Certificate2 certificate) : ITlsConnectionFeature
    {
        public X509Certificate2? ClientCertificate { get; set; } = certificate;

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
    }
}
