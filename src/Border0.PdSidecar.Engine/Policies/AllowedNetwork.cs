using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>
/// An entry of <c>allowed_ip</c>: an address, or a network in CIDR notation. Host bits that are set are cleared
/// ("10.1.2.3/8" is "10.0.0.0/8"), and an IPv4-mapped IPv6 network is the IPv4 network.
/// </summary>
public static class AllowedNetwork
{
    private static readonly SearchValues<char> IPv4Characters = SearchValues.Create("0123456789./");
    private static readonly SearchValues<char> Characters = SearchValues.Create("0123456789abcdefABCDEF.:/");

    /// <summary>Reads an entry.</summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        network = default;
        var slash = text.IndexOf('/');
        if (!IsPlain(text) || !IPAddress.TryParse(slash < 0 ? text : text.AsSpan(0, slash), out var address))
        {
            return false;
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var length = bits;
        if (slash >= 0 && !(int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out length) && length <= bits))
        {
            return false;
        }

        if (address.IsIPv4MappedToIPv6 && length >= 96)
        {
            address = address.MapToIPv4();
            length -= 96;
        }

        network = new IPNetwork(Masked(address, length), length);
        return true;
    }

    /// <summary>Reads an entry that has passed validation.</summary>
    public static IPNetwork Parse(string text) =>
        TryParse(text, out var network) ? network : throw new FormatException($"not an address or network: {text}");

    /// <summary>Refuses what IPAddress takes and nobody means: "1", "0x7f.1", a zone index, brackets.</summary>
    private static bool IsPlain(string text)
    {
        if (text.Length is 0 or > 49 || text.AsSpan().ContainsAnyExcept(Characters))
        {
            return false;
        }

        return text.Contains(':', StringComparison.Ordinal) || (text.AsSpan().Count('.') == 3 && !text.AsSpan().ContainsAnyExcept(IPv4Characters));
    }

    private static IPAddress Masked(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var keep = Math.Clamp(length - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - keep));
        }

        return new IPAddress(bytes);
    }
}
