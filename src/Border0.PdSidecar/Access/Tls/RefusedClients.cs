using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;

namespace Border0.PdSidecar.Access.Tls;

/// <summary>
/// Tells of client certificates that are not accepted: their clients see no more than a handshake that fails. Counts each, and logs one in
/// ten seconds, since everybody who can connect can show one. Called from any thread.
/// </summary>
internal sealed partial class RefusedClients(Meter meter, TimeProvider time, ILogger logger)
{
    private const int LongestName = 128;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);
    private readonly Counter<long> _refused = meter.CreateCounter<long>(
        "pdsidecar.client_certificates.refused", "{certificate}", "Client certificates that were not accepted in a handshake.");

    private long _quietUntil = long.MinValue;

    /// <summary>One was not accepted.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="why">Why.</param>
    public void Add(X509Certificate2 certificate, string why)
    {
        _refused.Add(1);
        var (now, until) = (time.GetUtcNow().UtcTicks, Volatile.Read(ref _quietUntil));
        if (now >= until && Interlocked.CompareExchange(ref _quietUntil, now + Pause.Ticks, until) == until)
        {
            ClientCertificateRefused(Printable(certificate.Subject), Printable(certificate.Issuer), why);
        }
    }

    /// <summary>A stranger chose it: nothing that a terminal would act on, and not too much of it.</summary>
    internal static string Printable(string name) =>
        new([.. name.Take(LongestName).Select(c => char.IsControl(c) ? '?' : c)]);

    [LoggerMessage(LogLevel.Warning, "A client certificate is not accepted: {Subject} of {Issuer}: {Why}", EventName = "ClientCertificateRefused")]
    private partial void ClientCertificateRefused(string subject, string issuer, string why);
}
