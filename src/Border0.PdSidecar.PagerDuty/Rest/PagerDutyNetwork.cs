using System.Net;
using System.Net.Sockets;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>How PagerDuty, or what configuration allows in its place, is connected to.</summary>
internal static class PagerDutyNetwork
{
    /// <summary>To PagerDuty's own hosts: through a proxy where the environment names one, which sees nothing but TLS.</summary>
    public static SocketsHttpHandler ToPagerDuty() => new()
    {
        // A redirect would take the key to another host.
        AllowAutoRedirect = false,
        UseCookies = false,

        // The ids of our traces are none of PagerDuty's business.
        ActivityHeadersPropagator = null,
        AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate,
        // DNS changes are followed, also by busy connections.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(10),
    };

    /// <summary>
    /// To the address that configuration allows. What its name leads to is checked when a connection is made, and that very address is
    /// connected to: a name that answers otherwise the next time (DNS rebinding) gains nothing.
    /// </summary>
    /// <param name="addresses">What is allowed.</param>
    /// <param name="resolve">Looks a host name up.</param>
    public static SocketsHttpHandler ToAllowed(PagerDutyAddresses addresses, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        var handler = ToPagerDuty();

        // A proxy would look the name up by itself, and over http it would see the key.
        handler.UseProxy = false;
        handler.ConnectCallback = async (context, cancellation) =>
        {
            var host = context.DnsEndPoint.Host;
            var found = await resolve(host, cancellation);
            var allowed = found.Where(a => addresses.MayConnect(host, a)).ToArray();
            if (allowed.Length == 0 && found.Length > 0)
            {
                throw new AddressRefusedException(
                    $"{host} leads to {found[0]}, which is not a public address; nothing is sent there unless the configuration says so (pagerduty_private_addresses).");
            }

            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
        return handler;
    }
}
