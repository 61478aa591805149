using System.Runtime.InteropServices;
using Border0.PdSidecar.Access.Tokens;
using Microsoft.Extensions.Primitives;

namespace Border0.PdSidecar.Access;

/// <summary>
/// Who calls over one connection: known once for the connection, looked up again only for a token that the connection has not just
/// sent. On every call's path: takes no lock and allocates nothing there. Called from any thread.
/// </summary>
/// <param name="listener">The listener's key in the configuration.</param>
/// <param name="isLocal">Whether only this machine can reach the listener.</param>
/// <param name="own">Who the connection is without a token; null for nobody.</param>
/// <param name="tokens">The tokens.</param>
internal sealed class ConnectionCallers(string listener, bool isLocal, Caller? own, TokenTable tokens)
{
    private readonly Caller? _own = own?.At(listener);
    private volatile Known? _last;

    private sealed record Known(string Authorization, Caller Caller);

    /// <summary>The listener's key in the configuration.</summary>
    public string Listener => listener;

    /// <summary>Whether only this machine can reach the listener.</summary>
    public bool IsLocal => isLocal;

    /// <summary>Those of a request's connection; null where no gatekeeper stands.</summary>
    public static ConnectionCallers? Of(HttpContext http) => http.Features.Get<ConnectionCallers>();

    /// <summary>Who makes a request. Wrong credentials never fall back to none.</summary>
    /// <param name="authorization">Its authorization header.</param>
    public Resolution Resolve(StringValues authorization)
    {
        if (authorization.Count == 0)
        {
            return _own is { Ended: { } over } ? new(null, over) : new(_own);
        }

        // Two headers are one too many: "Bearer" is not met then.
        var header = authorization.Count == 1 ? authorization[0] ?? "" : "";
        if (_last is { } last && IsSame(last.Authorization, header))
        {
            return last.Caller.Ended is { } ended ? new(null, ended) : new(last.Caller);
        }

        var found = tokens.Find(header);
        if (found.Caller?.At(listener) is not { } caller)
        {
            return found;
        }

        _last = new Known(header, caller);
        return new(caller);
    }

    /// <summary>
    /// Compares without telling by its time where texts differ: over a connection that a proxy shares between its callers, the last token
    /// may be another's. The server often gives the very same string for the same bytes.
    /// </summary>
    internal static bool IsSame(string left, string right)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        if (left.Length != right.Length)
        {
            return false;
        }

        // Four characters at a time, and what is left one by one.
        var a = MemoryMarshal.Cast<char, ulong>(left.AsSpan());
        var b = MemoryMarshal.Cast<char, ulong>(right.AsSpan());
        var difference = 0ul;
        for (var i = 0; i < a.Length; i++)
        {
            difference |= a[i] ^ b[i];
        }

        for (var i = a.Length * 4; i < left.Length; i++)
        {
            difference |= (uint)(left[i] ^ right[i]);
        }

        return difference == 0;
    }
}
