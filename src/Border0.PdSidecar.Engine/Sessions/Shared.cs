using System.Runtime.CompilerServices;
using Border0.PdSidecar.Engine.Evaluation;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// Gives what sessions have in common as one object, as far as it remembers it: people open many sessions to the same few sockets, and
/// sessions are kept for hours. Takes no lock; what is pushed out by something else costs memory only.
/// </summary>
internal sealed class Shared
{
    private const int Most = 4096;

    private readonly Names _names = new();
    private readonly StrongBox<AccessRequest>?[] _requests = new StrongBox<AccessRequest>?[Most];
    private readonly Standing?[] _standings = new Standing?[16];

    /// <summary>A request as sessions keep it.</summary>
    public StrongBox<AccessRequest> Request(in AccessRequest request)
    {
        ref var known = ref _requests[(uint)HashCode.Combine(request.UserEmail, request.SocketId, request.ClientAddress, request.ServiceAccount) % Most];
        if (Volatile.Read(ref known) is { } same && Same(same.Value, request))
        {
            return same;
        }

        var kept = new StrongBox<AccessRequest>(Named(request));
        Volatile.Write(ref known, kept);
        return kept;
    }

    /// <summary>What a decision lets a session rest on.</summary>
    public Standing Standing(in Decision decision)
    {
        ref var known = ref _standings[(uint)RuntimeHelpers.GetHashCode(decision.Grants) % (uint)_standings.Length];
        if (Volatile.Read(ref known) is { } same && same.IsOf(decision))
        {
            return same;
        }

        var standing = new Standing(decision);
        Volatile.Write(ref known, standing);
        return standing;
    }

    private AccessRequest Named(in AccessRequest request) => request with
    {
        OrganizationId = _names.Of(request.OrganizationId),
        SocketId = _names.Of(request.SocketId),
        SocketType = _names.Of(request.SocketType),
        UserEmail = _names.Of(request.UserEmail),
        ServiceAccount = _names.Of(request.ServiceAccount),
        ClientCountry = _names.Of(request.ClientCountry),
    };

    private static bool Same(in AccessRequest left, in AccessRequest right) =>
        left.UserEmail == right.UserEmail
        && left.SocketId == right.SocketId
        && left.SocketType == right.SocketType
        && left.OrganizationId == right.OrganizationId
        && left.ServiceAccount == right.ServiceAccount
        && left.ClientCountry == right.ClientCountry
        && Equals(left.ClientAddress, right.ClientAddress)
        && OpenSession.SameGroups(left.Groups, right.Groups)
        && OpenSession.SameTags(left.SocketTags, right.SocketTags);
}
