using System.Text;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;
using Border0.PdSidecar.Storage.Tests.Configuration;
using Border0.PdSidecar.Storage.Tests.Sqlite;

namespace Border0.PdSidecar.Storage.Tests.Secrets;

public sealed class KeyRotationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Database => SqliteStore.File(_folder);

    private string Keys => SqliteStore.KeyFile(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Rotating_SealsEverythingUnderTheNewKeyAndRemovesTheOldOne()
    {
        var before = await FillAsync(30);
        var old = KeyRing.Open(Keys).ActiveId;
        var (count, id) = KeyRotation.Run(Database, Keys);
        Assert.Equal((30, id, 1), (count, KeyRing.Open(Keys).ActiveId, KeyRing.Open(Keys).Count));
        Assert.NotEqual(old, id);
        Assert.Equal(before, await ReadAsync());

        // The id of its key stands in front of what is sealed: nothing that was sealed under the old one is left in the files.
        foreach (var file in _folder.Files)
        {
            Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.ASCII.GetBytes(old)));
        }

        Assert.Contains(_folder.Files, f => File.ReadAllBytes(f).AsSpan().IndexOf(Encoding.ASCII.GetBytes(id)) >= 0);
    }

    [Theory]
    [InlineData(RotationStep.Checked)]
    [InlineData(RotationStep.KeyAdded)]
    [InlineData(RotationStep.Sealed)]
    [InlineData(RotationStep.Committed)]
    [InlineData(RotationStep.Wiped)]
    [InlineData(RotationStep.OldKeysRemoved)]
    public async Task KilledAtAnyStep_TheDirectoryOpensAndIsRotatedTheNextTime(RotationStep step)
    {
        var before = await FillAsync(10);
        var old = KeyRing.Open(Keys).ActiveId;
        await RotationProcess.KilledAtAsync(step, Database, Keys);

        // The old key is there until nothing needs it.
        Assert.Equal(step < RotationStep.OldKeysRemoved, File.ReadAllText(Keys).Contains(old, StringComparison.Ordinal));
        Assert.Equal(before, await ReadAsync());
        KeyRotation.Run(Database, Keys);
        Assert.Equal(1, KeyRing.Open(Keys).Count);
        Assert.DoesNotContain(old, File.ReadAllText(Keys), StringComparison.Ordinal);
        Assert.Equal(before, await ReadAsync());
    }

    [Fact]
    public async Task AStoreThatIsInUse_GoesOnUnderTheNewKey()
    {
        await using var store = SqliteStore.Open(_folder);
        await store.CreateAsync(Samples.Integration("first"), default);
        Assert.Null(await store.RefreshKeysAsync(default));
        var (_, id) = KeyRotation.Run(Database, Keys);
        Assert.Equal(WriteOutcome.Written, await store.CreateAsync(Samples.Integration("second"), default));
        Assert.Equal(2, (await store.LoadAsync(default)).Integrations.Count);
        Assert.Equal([id, id], Envelopes().Select(e => SecretBox.KeyIdOf(e)));

        var (_, third) = KeyRotation.Run(Database, Keys);
        Assert.Equal(third, await store.RefreshKeysAsync(default));
    }

    [Fact]
    public async Task RotationsAndWritesAtTheSameTime_LeaveEverySecretReadableUnderTheOneKeyThatIsLeft()
    {
        await using var store = SqliteStore.Open(_folder);
        var wanted = new List<string>();
        for (var i = 0; i < 40; i++)
        {
            await store.CreateAsync(Samples.Integration($"i{i}", key: $"u+key-of-{i}-at-first"), default);
            wanted.Add($"u+key-of-{i}-in-round-2");
        }

        await using var second = SqliteStore.Open(_folder);
        var writers = Enumerable.Range(0, 2).Select(w => Task.Run(async () =>
        {
            for (var round = 0; round < 3; round++)
            {
                for (var i = w; i < 40; i += 2)
                {
                    Assert.Equal(WriteOutcome.Written, await (w == 0 ? store : second).ReplaceAsync(Samples.Integration($"i{i}", key: $"u+key-of-{i}-in-round-{round}"), default));
                }
            }
        }));
        var rotations = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 4; i++)
            {
                KeyRotation.Run(Database, Keys);
            }
        }));
        await Task.WhenAll([.. writers, .. rotations]);
        KeyRotation.Run(Database, Keys);
        Assert.Equal(1, KeyRing.Open(Keys).Count);
        Assert.Equal(wanted.Order(StringComparer.Ordinal), (await store.LoadAsync(default)).Integrations.Select(i => i.Secrets.ApiKey).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AKeyFileThatIsNotTheDatabases_IsRefusedAndNothingChanges()
    {
        var before = await FillAsync(3);
        var other = _folder.Path("other.key");
        KeyRing.Open(other);
        var (database, key) = (File.ReadAllBytes(Database), File.ReadAllText(other));
        var refused = Assert.Throws<StorageUnusableException>(() => KeyRotation.Run(Database, other));
        Assert.Contains(other, refused.Message, StringComparison.Ordinal);
        Assert.Equal(database, File.ReadAllBytes(Database));
        Assert.Equal(key, File.ReadAllText(other));
        Assert.Equal(before, await ReadAsync());
    }

    [Fact]
    public void WhatIsNotThere_IsRefusedAndNotMade()
    {
        Assert.Contains(Database, Assert.Throws<StorageUnusableException>(() => KeyRotation.Run(Database, Keys)).Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Files);
    }

    [Fact]
    public async Task ADeletedIntegration_LeavesNothingSealedBehind()
    {
        await FillAsync(20);
        var id = KeyRing.Open(Keys).ActiveId;
        await using (var store = SqliteStore.Open(_folder))
        {
            for (var i = 0; i < 20; i++)
            {
                await store.DeleteIntegrationAsync("org", $"i{i}", "", force: false, default);
            }
        }

        // Closed: its write-ahead log is copied and gone.
        Assert.Equal(-1, File.ReadAllBytes(Database).AsSpan().IndexOf(Encoding.ASCII.GetBytes(id)));
    }

    private async Task<List<(string, string)>> FillAsync(int count)
    {
        await using var store = SqliteStore.Open(_folder);
        for (var i = 0; i < count; i++)
        {
            await store.CreateAsync(Samples.Integration($"i{i}", key: $"u+key-of-{i}"), default);
        }

        return await ReadAsync();
    }

    private async Task<List<(string, string)>> ReadAsync()
    {
        await using var store = SqliteStore.Open(_folder);
        return [.. (await store.LoadAsync(default)).Integrations.Select(i => (i.Integration.Name + i.Integration.Etag, i.Secrets.ApiKey + string.Join(',', i.Secrets.WebhookSecrets)))];
    }

    private List<byte[]> Envelopes()
    {
        using var connection = SqliteFile.Connect(Database);
        using var command = SqliteFile.Command(connection, null, "SELECT secrets FROM integrations");
        using var reader = command.ExecuteReader();
        var envelopes = new List<byte[]>();
        while (reader.Read())
        {
            envelopes.Add(reader.GetFieldValue<byte[]>(0));
        }

        return envelopes;
    }
}
