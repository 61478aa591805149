using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Engine;

namespace Border0.PdSidecar.Fleet.Election;

/// <summary>
/// Which member is the how manieth choice for an integration, by the highest random weight: every member comes to the same order without
/// asking, integrations spread evenly, and a member that comes or goes moves only its own share of them.
/// </summary>
internal static class Rendezvous
{
    /// <summary>How many members are a better choice than one, which need not be among them.</summary>
    public static int RankOf(string member, IEnumerable<string> members, IntegrationKey integration)
    {
        var own = Weight(member, integration);
        return members.Count(other => other != member && IsBetter(other, Weight(other, integration), member, own));
    }

    /// <summary>The members, best choice first.</summary>
    public static IReadOnlyList<string> Order(IEnumerable<string> members, IntegrationKey integration) =>
        [.. members.OrderByDescending(m => Weight(m, integration)).ThenBy(m => m, StringComparer.Ordinal)];

    private static bool IsBetter(string other, ulong weight, string member, ulong own) =>
        weight > own || (weight == own && string.CompareOrdinal(other, member) < 0);

    private static ulong Weight(string member, IntegrationKey integration)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{member}\n{integration}"), hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}
