using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Border0.PdSidecar.Storage.Tokens;

namespace Border0.PdSidecar.Access.Tokens;

/// <summary>The tokens of the moment: an immutable table behind one reference, replaced when the file changes. Read from any thread.</summary>
internal sealed class TokenTable
{
    private volatile Snapshot _current = new([], FrozenDictionary<ulong, KnownToken[]>.Empty);

    private sealed record Snapshot(IReadOnlyList<KnownToken> Tokens, FrozenDictionary<ulong, KnownToken[]> ByHash);

    /// <summary>The tokens, those that are accepted no longer included.</summary>
    public IReadOnlyList<KnownToken> Tokens => _current.Tokens;

    /// <summary>Who sends an authorization header.</summary>
    /// <param name="authorization">The header: "Bearer", a space and the token.</param>
    public Resolution Find(ReadOnlySpan<char> authorization)
    {
        const string scheme = "Bearer ";
        if (!authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return new(null, "the authorization header must be \"Bearer TOKEN\", once");
        }

        var text = authorization[scheme.Length..].Trim(' ');
        if (!TokenText.IsWhole(text))
        {
            return new(null, $"the token is not whole: it begins with {TokenText.Prefix}, has {TokenText.Length} characters, and the last six are their checksum");
        }

        var hash = TokenText.Hash(text);
        foreach (var token in _current.ByHash.GetValueOrDefault(Key(hash), []))
        {
            // Which bucket it is says nothing of a token that is known: nobody can choose a hash's first bytes to get near to another's.
            if (CryptographicOperations.FixedTimeEquals(token.Hash, hash))
            {
                return token.Caller.Ended is { } ended ? new(null, ended) : new(token.Caller);
            }
        }

        return new(null, "the token is not known here: it was made for another sidecar's data directory, or removed (pdsidecar token list)");
    }

    /// <summary>Takes what the file says now: tokens that it says the same of stay the same callers, others end.</summary>
    public void Replace(IEnumerable<TokenRecord> records, DateTimeOffset now)
    {
        var before = _current.Tokens.ToDictionary(t => t.Record);
        List<KnownToken> tokens = [.. records.Select(r => before.Remove(r, out var known) ? known : new KnownToken(r))];
        foreach (var token in tokens)
        {
            token.EndWhereDue(now);
        }

        _current = new Snapshot(tokens, tokens.GroupBy(t => Key(t.Hash)).ToFrozenDictionary(g => g.Key, g => g.ToArray()));
        foreach (var gone in before.Values)
        {
            // What it says now of the same token is the better word for why.
            var successor = tokens.FirstOrDefault(t => t.Record.Id == gone.Record.Id && t.Caller.Ended is not null);
            gone.End(successor?.Caller.Ended);
        }
    }

    /// <summary>Ends the tokens that expire.</summary>
    /// <returns>When the next one expires; null for never.</returns>
    public DateTimeOffset? Expire(DateTimeOffset now)
    {
        DateTimeOffset? next = null;
        foreach (var token in _current.Tokens)
        {
            token.EndWhereDue(now);
            if (token.Caller.Ended is null && token.Record.Expires is { } expires && !(expires > next))
            {
                next = expires;
            }
        }

        return next;
    }

    private static ulong Key(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash);
}
