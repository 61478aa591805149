using System.Net;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>
/// Tells addresses of the public internet from all others (IANA's special-purpose registries): loopback, private, link-local, shared,
/// and with them the metadata services of clouds (169.254.169.254, fd00:ec2::254, 100.100.100.200, 192.0.0.192).
/// </summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] NotPublic4 =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"]).Select(n => IPNetwork.Parse(n)),
    ];

    // Of IPv6 only 2000::/3 is public; in it, Teredo and its like, documentation, and 6to4, which leads to whatever IPv4 address it names.
    private static readonly IPNetwork Public6 = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] NotPublic6 =
        [.. ((string[])["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]).Select(n => IPNetwork.Parse(n))];

    // Networks without IPv4 reach it this way: what counts is the address that is meant.
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    public static bool Is(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }
        else if (Nat64.Contains(address))
        {
            address = new IPAddress(address.GetAddressBytes().AsSpan(12));
        }

        return address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? !NotPublic4.Any(n => n.Contains(address))
            : Public6.Contains(address) && !NotPublic6.Any(n => n.Contains(address));
    }
}
