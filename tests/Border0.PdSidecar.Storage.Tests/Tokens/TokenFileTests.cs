using Border0.PdSidecar.Storage.Tokens;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Storage.Tests.Tokens;

/// <summary>The file of the tokens: one writer at a time, whole or as before, and without any token's text.</summary>
public sealed class TokenFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 24, 8, 0, 0, TimeSpan.Zero));
    private readonly TokenFile _file;

    public TokenFileTests() => _file = new TokenFile(_folder.Path("data"), _time);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Create_KeepsEverythingButTheText()
    {
        Assert.Empty(_file.Read());

        var (text, made) = (await _file.CreateAsync("bastion-1", "connector viewer", "c1", _time.GetUtcNow().AddDays(90), "alice", default))!.Value;

        var read = Assert.Single(_file.Read());
        Assert.Equal(made, read);
        Assert.Equal(("bastion-1", "connector viewer", "c1", "alice", _time.GetUtcNow()), (read.Name, read.Roles, read.ConnectorId, read.CreatedBy, read.Created));
        Assert.Equal(Convert.ToBase64String(TokenText.Hash(text)), read.Hash);
        Assert.DoesNotContain(text[5..], await File.ReadAllTextAsync(_file.Path), StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(_folder.Path("data")), f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
    }

    [Fact]
    public async Task Revoke_ByNameOrId_Once()
    {
        var first = (await _file.CreateAsync("a", "admin", null, null, "alice", default))!.Value.Record;
        var second = (await _file.CreateAsync("b", "admin", null, null, "alice", default))!.Value.Record;

        Assert.Equal(first with { Revoked = _time.GetUtcNow(), RevokedBy = "bob" }, await _file.RevokeAsync("a", "bob", default));
        Assert.Equal(second.Id, (await _file.RevokeAsync(second.Id, "bob", default))!.Id);
        Assert.Null(await _file.RevokeAsync("a", "bob", default));
        Assert.Null(await _file.RevokeAsync("nobody", "bob", default));
        Assert.All(_file.Read(), t => Assert.Equal("bob", t.RevokedBy));
    }

    [Fact]
    public async Task Names_AreTakenWhileTheirTokenIsAccepted()
    {
        await _file.CreateAsync("a", "admin", null, _time.GetUtcNow().AddHours(1), "alice", default);
        Assert.Null(await _file.CreateAsync("a", "viewer", null, null, "alice", default));

        _time.Advance(TimeSpan.FromHours(1));

        Assert.NotNull(await _file.CreateAsync("a", "viewer", null, null, "alice", default));
        Assert.Equal(2, _file.Read().Count);
        _time.Advance(TokenFile.KeptAfterEnd + TimeSpan.FromSeconds(1));
        await _file.CreateAsync("c", "viewer", null, null, "alice", default);
        Assert.Equal(["a", "c"], _file.Read().Select(t => t.Name));
    }

    [Fact]
    public async Task Writers_TakeTurns_AndNoneIsLost()
    {
        var file = new TokenFile(_folder.Path("data"), TimeProvider.System);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => file.CreateAsync($"t{i}", "viewer", null, null, "alice", default))));

        Assert.Equal(20, file.Read().Select(t => t.Id).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task EveryChange_IsSeenByTheStamp()
    {
        var stamps = new List<(DateTime, long)?> { _file.Stamp() };
        for (var i = 0; i < 20; i++)
        {
            await _file.CreateAsync("same", "viewer", null, null, "alice", default);
            stamps.Add(_file.Stamp());
            await _file.RevokeAsync("same", "alice", default);
            stamps.Add(_file.Stamp());
        }

        Assert.Equal(stamps.Count, stamps.Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{ "version": 1 }""")]
    [InlineData("""{ "version": 2, "tokens": [] }""")]
    [InlineData("""{ "version": 1, "tokens": [null] }""")]
    [InlineData("""{ "version": 1, "tokens": [{ "id": "1", "name": "a", "roles": "admin", "hash": "", "created": "2026-11-24T08:00:00Z" }] }""")]
    [InlineData("""{ "version": 1, "tokens": [{ "id": "1", "name": null, "roles": "admin", "hash": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "created": "2026-11-24T08:00:00Z" }] }""")]
    public async Task AFileThatIsNotUnderstood_IsSaid_AndNotOverwritten(string content)
    {
        Directory.CreateDirectory(_folder.Path("data"));
        await File.WriteAllTextAsync(_file.Path, content);

        Assert.Contains(_file.Path, Assert.Throws<StorageUnusableException>(() => _file.Read()).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StorageUnusableException>(() => _file.CreateAsync("a", "admin", null, null, "alice", default));
        Assert.Equal(content, await File.ReadAllTextAsync(_file.Path));
    }
}
