using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Storage.Tests.Sqlite;

/// <summary>A file that cannot be trusted is refused by its name, and left as it is: never begun anew in silence.</summary>
public sealed class DamagedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>The three files of a data directory.</summary>
    public static TheoryData<string> Files => ["pdsidecar.db", "sessions.db", "facts.db"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public async Task CutShortAtAnyPage_IsRefused(string name)
    {
        var whole = await FilledAsync(name);
        for (var length = 0; length < whole.Length; length += 4096)
        {
            await IsRefusedAsync(name, whole[..length]);
        }

        await IsRefusedAsync(name, whole[..(whole.Length - 1)]);
        await IsRefusedAsync(name, whole[..50]);
        await File.WriteAllBytesAsync(_folder.Path(name), whole);
        await OpenAsync(name);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task PageOfNothing_IsRefused(string name)
    {
        var whole = await FilledAsync(name);
        for (var at = 0; at < whole.Length; at += 4096)
        {
            var damaged = (byte[])whole.Clone();
            damaged.AsSpan(at, 4096).Clear();
            await IsRefusedAsync(name, damaged);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task AnotherProgramsDatabase_IsRefused(string name)
    {
        var other = _folder.Path("other.db");
        SqliteStore.Sql(other, "CREATE TABLE places (url TEXT)");
        await IsRefusedAsync(name, await File.ReadAllBytesAsync(other));
        SqliteStore.Sql(other, "PRAGMA user_version=1");
        await IsRefusedAsync(name, await File.ReadAllBytesAsync(other));
        await IsRefusedAsync(name, [.. "{ \"not\": \"a database\" }"u8, .. new byte[4096]]);
    }

    [Theory]
    [InlineData("pdsidecar.db", "PRAGMA user_version=99")]
    [InlineData("pdsidecar.db", "PRAGMA user_version=0")]
    [InlineData("pdsidecar.db", "DROP INDEX policy_integrations_by_policy")]
    [InlineData("sessions.db", "PRAGMA user_version=3")]
    [InlineData("sessions.db", "DELETE FROM epoch")]
    [InlineData("sessions.db", "UPDATE epoch SET id = x'00'")]
    [InlineData("sessions.db", "UPDATE sessions SET opened = 9223372036854775807")]
    [InlineData("sessions.db", "UPDATE sessions SET request = x'ff'")]
    [InlineData("facts.db", "ALTER TABLE blobs RENAME TO stuff")]
    [InlineData("pdsidecar.db", "UPDATE policies SET record = x'ff'")]
    [InlineData("pdsidecar.db", "UPDATE policies SET record = x''")]
    [InlineData("pdsidecar.db", "UPDATE integrations SET secrets = x'01'")]
    public async Task SchemaOrRowsThatNoVersionWrites_AreRefused(string name, string sql)
    {
        await FilledAsync(name);
        SqliteStore.Sql(_folder.Path(name), sql);
        SqliteStore.Sql(_folder.Path(name), "PRAGMA wal_checkpoint(TRUNCATE)");

        await IsRefusedAsync(name, await File.ReadAllBytesAsync(_folder.Path(name)));
    }

    [Fact]
    public async Task MissingFile_WhoseLogIsThere_IsNotBegunAnew()
    {
        await FilledAsync("pdsidecar.db");
        File.Delete(_folder.Path("pdsidecar.db"));
        await File.WriteAllBytesAsync(_folder.Path("pdsidecar.db-wal"), [1, 2, 3]);

        var refused = await Assert.ThrowsAsync<StorageUnusableException>(() => OpenAsync("pdsidecar.db"));

        Assert.Contains("pdsidecar.db-wal", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Path("pdsidecar.db")));
    }

    [Fact]
    public async Task StartThatWasCutShort_LeavesNothingInTheWay()
    {
        await File.WriteAllBytesAsync(_folder.Path("pdsidecar.db.new"), new byte[100]);

        await OpenAsync("pdsidecar.db");

        Assert.False(File.Exists(_folder.Path("pdsidecar.db.new")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.Path("pdsidecar.db")));
    }

    private async Task IsRefusedAsync(string name, byte[] file)
    {
        var path = _folder.Path(name);
        File.Delete(path + "-wal");
        File.Delete(path + "-shm");
        await File.WriteAllBytesAsync(path, file);

        var refused = await Assert.ThrowsAsync<StorageUnusableException>(() => OpenAsync(name));

        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Equal(file, await File.ReadAllBytesAsync(path));
    }

    private async Task OpenAsync(string name)
    {
        var path = _folder.Path(name);
        switch (name)
        {
            case "pdsidecar.db":
                await using (var store = SqliteConfigurationStore.Open(path, KeyRing.Open(_folder.Path("encryption.key"))))
                {
                    await store.LoadAsync(default);
                }

                break;
            case "sessions.db":
                await using (var journal = SqliteSessionJournal.Open(path, TimeProvider.System, NullLogger<SqliteSessionJournal>.Instance))
                {
                    await journal.LoadAsync(default);
                }

                break;
            default:
                SqliteBlobs.Open(path).Dispose();
                break;
        }
    }

    private async Task<byte[]> FilledAsync(string name)
    {
        var path = _folder.Path(name);
        switch (name)
        {
            case "pdsidecar.db":
                await using (var store = SqliteConfigurationStore.Open(path, KeyRing.Open(_folder.Path("encryption.key"))))
                {
                    await store.CreateAsync(new StoredIntegration(new Integration { Name = "pd", OrganizationId = "default" }, new IntegrationSecrets("key", [])), default);
                    await store.CreateAsync(new Policy { Name = "payments", OrganizationId = "default", OrgWide = true }, default);
                }

                break;
            case "sessions.db":
                await using (var journal = SqliteSessionJournal.Open(path, TimeProvider.System, NullLogger<SqliteSessionJournal>.Instance))
                {
                    journal.Append(new JournalEntry.SessionPut(new JournalSession(
                        new EvaluateRequest { OrganizationId = "default", SessionKey = "k1", SocketId = "s", SocketType = "ssh", UserEmail = "a@example.com" }, DateTimeOffset.UnixEpoch, null, [])));
                    await journal.FlushAsync(default);
                }

                break;
            default:
                using (var blobs = SqliteBlobs.Open(path))
                {
                    blobs.Put("default/pd", [1, 2, 3]);
                }

                break;
        }

        return await File.ReadAllBytesAsync(path);
    }
}
