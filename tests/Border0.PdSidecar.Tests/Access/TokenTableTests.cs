using Border0.PdSidecar.Access;
using Border0.PdSidecar.Access.Tokens;
using Border0.PdSidecar.Storage.Tokens;
using Microsoft.Extensions.Primitives;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>Which token is whose, and until when.</summary>
public class TokenTableTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 8, 0, 0, TimeSpan.Zero);
    private readonly TokenTable _table = new();

    [Fact]
    public void Find_TellsTokensApart()
    {
        var (alice, bob) = (TokenText.New(), TokenText.New());
        _table.Replace([Record("a", alice, "admin"), Record("b", bob, "connector viewer") with { ConnectorId = "c1" }], Now);

        var (first, second) = (_table.Find($"Bearer {alice}").Caller!, _table.Find($"bearer {bob}").Caller!);

        Assert.Equal((Roles.Admin, "a", null), (first.Roles, first.Name, first.ConnectorId));
        Assert.Equal((Roles.Connector | Roles.Viewer, "b", "c1"), (second.Roles, second.Name, second.ConnectorId));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic {token}")]
    [InlineData("{token}")]
    [InlineData("Bearer {token}x")]
    [InlineData("Bearer {token} {token}")]
    [InlineData("Bearer pdsc_")]
    [InlineData("Bearer \u00e9\u00e9")]
    public void Find_OfWhatIsNoToken_SaysSo_AndNotWhatItWas(string header)
    {
        var token = TokenText.New();
        _table.Replace([Record("a", token, "admin")], Now);

        var found = _table.Find(header.Replace("{token}", token, StringComparison.Ordinal));

        Assert.Null(found.Caller);
        Assert.NotNull(found.Wrong);
        Assert.DoesNotContain(token, found.Wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_OfATokenThatIsNotKnown_SaysSo()
    {
        _table.Replace([Record("a", TokenText.New(), "admin")], Now);

        Assert.Contains("not known here", _table.Find($"Bearer {TokenText.New()}").Wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void Replace_KeepsWhatIsUnchanged_AndEndsWhatIsRevokedOrGone()
    {
        var (kept, revoked, gone) = (TokenText.New(), TokenText.New(), TokenText.New());
        TokenRecord[] records = [Record("kept", kept, "admin"), Record("revoked", revoked, "admin"), Record("gone", gone, "admin")];
        _table.Replace(records, Now);
        var callers = records.Zip([kept, revoked, gone], (_, text) => _table.Find($"Bearer {text}").Caller!).ToList();

        _table.Replace([records[0] with { }, records[1] with { Revoked = Now }], Now);

        Assert.Same(callers[0], _table.Find($"Bearer {kept}").Caller);
        Assert.Null(callers[0].Ended);
        Assert.Equal("token revoked (id-revoked) was revoked at 2026-11-24 08:00:00Z", callers[1].Ended);
        Assert.Equal(callers[1].Ended, _table.Find($"Bearer {revoked}").Wrong);
        Assert.Equal("token gone (id-gone) is not known any more", callers[2].Ended);
        Assert.Contains("not known here", _table.Find($"Bearer {gone}").Wrong, StringComparison.Ordinal);
        Assert.All(callers[1..], c => Assert.True(c.Ends.IsCancellationRequested));
    }

    [Fact]
    public void Expire_EndsAToken_AtItsInstant()
    {
        var text = TokenText.New();
        _table.Replace([Record("short", text, "admin") with { Expires = Now.AddHours(1) }, Record("long", TokenText.New(), "admin")], Now);
        var caller = _table.Find($"Bearer {text}").Caller!;

        Assert.Equal(Now.AddHours(1), _table.Expire(Now.AddHours(1).AddTicks(-1)));
        Assert.Null(caller.Ended);
        Assert.Null(_table.Expire(Now.AddHours(1)));

        Assert.Equal("token short (id-short) expired at 2026-11-24 09:00:00Z", caller.Ended);
        Assert.Null(_table.Find($"Bearer {text}").Caller);
    }

    [Fact]
    public void AConnection_RemembersItsToken_AndNotBeyondItsEnd()
    {
        var (first, second) = (TokenText.New(), TokenText.New());
        TokenRecord[] records = [Record("first", first, "admin"), Record("second", second, "viewer")];
        _table.Replace(records, Now);
        var connection = new ConnectionCallers("grpc_tcp", true, null, _table);

        Assert.Equal("first", connection.Resolve($"Bearer {first}").Caller!.Name);
        Assert.Equal("first", connection.Resolve(new string($"Bearer {first}")).Caller!.Name);
        Assert.Equal("second", connection.Resolve($"Bearer {second}").Caller!.Name);
        Assert.Equal("first", connection.Resolve($"Bearer {first}").Caller!.Name);
        Assert.Null(connection.Resolve(new StringValues([$"Bearer {first}", $"Bearer {first}"])).Caller);
        Assert.Equal(default, connection.Resolve(default));
        _table.Replace([records[0] with { Revoked = Now }], Now);
        Assert.Contains("was revoked", connection.Resolve($"Bearer {first}").Wrong, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_OfATokenThatTheConnectionHasSent_AllocatesNothing()
    {
        var text = TokenText.New();
        _table.Replace([Record("a", text, "connector")], Now);
        var connection = new ConnectionCallers("grpc_tcp", true, null, _table);
        var (once, again) = (new StringValues($"Bearer {text}"), new StringValues($"Bearer {text}"));
        connection.Resolve(once);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var found = 0;
        for (var i = 0; i < 1000; i++)
        {
            found += connection.Resolve(once).Caller is null ? 0 : 1;
            found += connection.Resolve(again).Caller is null ? 0 : 1;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2000, found);
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("abc", "abc", true)]
    [InlineData("abc", "abd", false)]
    [InlineData("abcd", "bbcd", false)]
    [InlineData("abcdefgh1", "abcdefgh2", false)]
    [InlineData("abcdefgh", "abcdefghi", false)]
    public void IsSame_IsEquality(string left, string right, bool same) => Assert.Equal(same, ConnectionCallers.IsSame(left, new string(right.AsSpan())));

    private static TokenRecord Record(string name, string text, string roles) => new()
    {
        Id = $"id-{name}",
        Name = name,
        Roles = roles,
        Hash = Convert.ToBase64String(TokenText.Hash(text)),
        Created = Now,
    };
}
