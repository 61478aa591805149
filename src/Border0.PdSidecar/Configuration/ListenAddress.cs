using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Border0.PdSidecar.Configuration;

/// <summary>Where to listen: an address or "localhost", and a port (0 for a free one).</summary>
/// <param name="Host">An IP address or "localhost".</param>
/// <param name="Port">From 0 to 65535.</param>
public sealed record ListenAddress(string Host, int Port)
{
    /// <summary>The address; loopback for "localhost".</summary>
    public IPAddress Address => Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(Host);

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>Reads "HOST:PORT" or "[IPv6]:PORT".</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ListenAddress? address)
    {
        address = null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return false;
        }

        var host = text[..colon].Trim('[', ']');
        if (host != "localhost" && !IPAddress.TryParse(host, out _))
        {
            return false;
        }

        address = new ListenAddress(host, port);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
