using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Border0.PdSidecar.Access.Tls;

/// <summary>
/// The clients that are known by certificate: who they are by configuration, for as long as their certificate is valid and its authority
/// is accepted. A connection whose certificate ends is ended with its streams: its client comes back with a new one. Called from any thread.
/// </summary>
/// <param name="authorities">Whose certificates are accepted at present.</param>
/// <param name="rules">Which names have which roles.</param>
/// <param name="time">The clock.</param>
/// <param name="refused">Hears of each certificate that is not accepted, and why.</param>
internal sealed class ClientCertificates(Func<ClientAuthorities> authorities, CallerRules rules, TimeProvider time, Action<X509Certificate2, string> refused)
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(30);
    private readonly ConcurrentDictionary<ConnectedClient, bool> _connected = new();

    /// <summary>Whether a handshake may go on. It may without a certificate, for tokens are another way.</summary>
    public bool Accept(ConnectionContext connection, X509Certificate? certificate, X509Chain? chain)
    {
        if (certificate is not X509Certificate2 shown)
        {
            return certificate is null;
        }

        X509Certificate2[] above = [.. chain?.ChainPolicy.ExtraStore.Select(c => X509CertificateLoader.LoadCertificate(c.RawData)) ?? []];
        var asked = authorities();
        connection.Features.Set(new Handshake(asked, above));
        if (asked.WhyNot(shown, above, time.GetUtcNow()) is { } why)
        {
            refused(shown, why);
            return false;
        }

        return true;
    }

    /// <summary>Serves a connection as its certificate's caller; as nobody where it has shown none.</summary>
    /// <param name="connection">The connection, after its handshake.</param>
    /// <param name="serve">Serves it.</param>
    public async Task ServeAsync(ConnectionContext connection, Func<Caller?, Task> serve)
    {
        if (connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is not { } certificate)
        {
            await serve(null);
            return;
        }

        using var end = new CallerEnd();
        var caller = CallerOf(certificate, end);
        var handshake = connection.Features.Get<Handshake>();
        var client = new ConnectedClient(certificate, handshake?.Above ?? [], caller, end);
        _connected.TryAdd(client, true);
        if (authorities() is var accepted && accepted != handshake?.Authorities)
        {
            // They have changed between the handshake and here, and those who look again may have missed this one.
            EndUnlessAccepted(client, accepted);
        }

        ITimer? expiry = null;
        expiry = time.CreateTimer(_ => Look(client, expiry), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using var armed = expiry;
        expiry.Change(UntilExpiry(certificate), Timeout.InfiniteTimeSpan);
        await using var closing = end.Token.Register(() => connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose());
        try
        {
            await serve(caller);
        }
        finally
        {
            _connected.TryRemove(client, out _);
        }
    }

    /// <summary>Ends the clients whose authority is accepted no longer.</summary>
    public void LookAgain()
    {
        var accepted = authorities();
        foreach (var client in _connected.Keys)
        {
            EndUnlessAccepted(client, accepted);
        }
    }

    internal Caller CallerOf(X509Certificate2 certificate, CallerEnd? end)
    {
        var names = CertificateNames.Of(certificate);
        var (name, roles, connector) = rules.Find(names) ?? (names.Count > 0 ? names[0] : certificate.Thumbprint, Roles.None, null);
        return new Caller("certificate", $"certificate {name}", roles, connector, end) { Name = name };
    }

    private void EndUnlessAccepted(ConnectedClient client, ClientAuthorities accepted)
    {
        if (accepted.WhyNot(client.Certificate, client.Above, time.GetUtcNow()) is not null)
        {
            client.End.Come($"{client.Caller.Description} is of no authority that is accepted any more");
        }
    }

    private TimeSpan UntilExpiry(X509Certificate2 certificate)
    {
        var left = certificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime;
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestTimer ? left : LongestTimer;
    }

    private void Look(ConnectedClient client, ITimer? expiry)
    {
        if (UntilExpiry(client.Certificate) is var left && left > TimeSpan.Zero)
        {
            expiry?.Change(left, Timeout.InfiniteTimeSpan);
            return;
        }

        client.End.Come($"{client.Caller.Description} expired at {client.Certificate.NotAfter.ToUniversalTime():u}");
    }

    private sealed record Handshake(ClientAuthorities Authorities, IReadOnlyList<X509Certificate2> Above);

    private sealed class ConnectedClient(X509Certificate2 certificate, IReadOnlyList<X509Certificate2> above, Caller caller, CallerEnd end)
    {
        public X509Certificate2 Certificate => certificate;

        public IReadOnlyList<X509Certificate2> Above => above;

        public Caller Caller => caller;

        public CallerEnd End => end;
    }
}
