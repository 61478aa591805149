using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Fuzz.Inputs;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>
/// The three SQLite files, cut short, with bits flipped, pages swapped or zeroed: the sidecar opens one with all that was in it, or refuses
/// it, names it and leaves it as it is. The first byte of an input says which file the others are. SQLite keeps no checksums of its pages: one that is
/// in another's place, or one of rows whose bytes are others, can be a page as good as any. What the records say for themselves is checked.
/// </summary>
internal sealed class DatabaseTarget : FuzzTarget
{
    private const int Page = 4096;
    private readonly ScratchFolder _folder = new();
    private readonly KeyRing _keys;
    private readonly List<byte[]> _files = [];

    public DatabaseTarget()
    {
        _keys = KeyRing.Open(_folder.File("encryption.key"));
        FillAsync().GetAwaiter().GetResult();
        Examples = [.. _files.Select((f, i) => (byte[])[(byte)i, .. f]), [0], [1, 0], [2, .. "SQLite format 3\0"u8], [0, .. Stranger()]];
    }

    public override string Name => "database";

    public override string About => "pdsidecar.db, sessions.db and facts.db, damaged";

    public override int Longest => 512 * 1024;

    public override IReadOnlyList<byte[]> Examples { get; }

    public override long AllocationBound(int size) => (64L << 20) + 64L * size;

    public override string Show(byte[] input) => $"{Name} {(input.Length == 0 ? "" : input[0] % 3)}, {input.Length - 1} bytes: {InputText.Of(input.AsSpan(0, Math.Min(input.Length, 120)))}";

    /// <summary>The well-formed files, by number: configuration, sessions, facts.</summary>
    public IReadOnlyList<byte[]> Files => _files;

    public override byte[]? Generate(Random random, Mutator mutator)
    {
        var which = random.Next(3);
        var file = (byte[])_files[which].Clone();
        var pages = file.Length / Page;
        for (var changes = 1 << random.Next(4); changes > 0; changes--)
        {
            switch (random.Next(9))
            {
                case 0:
                    Array.Resize(ref file, random.Next(pages + 1) * Page);
                    break;
                case 1:
                    Array.Resize(ref file, random.Next(file.Length + 1));
                    break;
                case 2 when file.Length >= Page:
                    file.AsSpan(random.Next(file.Length / Page) * Page, Page).Fill((byte)(random.Next(2) * 0xff));
                    break;
                case 3 when file.Length >= Page:
                    // Its rows alone: with its head it would be a good page of another table.
                    file.AsSpan(random.Next(file.Length / Page) * Page + (Page / 2), Page / 2).CopyTo(file.AsSpan(random.Next(file.Length / Page) * Page + (Page / 2)));
                    break;
                case 4 when file.Length >= 100:
                    // The header: page size, versions, counts, schema.
                    file[random.Next(100)] = (byte)random.Next(256);
                    break;
                case 5 when file.Length > 0:
                    var noise = new byte[random.Next(1, 64)];
                    random.NextBytes(noise);
                    var at = random.Next(file.Length);
                    noise.AsSpan(0, Math.Min(noise.Length, file.Length - at)).CopyTo(file.AsSpan(at));
                    break;
                case 6 when random.Next(4) == 0:
                    file = [.. file, .. new byte[random.Next(1, 3 * Page)]];
                    break;
                case 7 when file.Length >= Page:
                    // The head of a page: its kind, cells and free blocks.
                    file[random.Next(file.Length / Page) * Page + random.Next(12)] ^= (byte)(1 << random.Next(8));
                    break;
                default:
                    if (file.Length > 0)
                    {
                        file[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
                    }

                    break;
            }
        }

        return [(byte)which, .. file];
    }

    public override void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var path = _folder.File("file.db");
        foreach (var left in (ReadOnlySpan<string>)[path, path + "-wal", path + "-shm", path + "-journal"])
        {
            File.Delete(left);
        }

        File.WriteAllBytes(path, input[1..]);
        try
        {
            var rows = OpenAsync(input[0] % 3, path).GetAwaiter().GetResult();

            // Facts are looked up by a name: one whose name was changed is not known, and PagerDuty is asked.
            FuzzFinding.Unless(rows == 3 || input[0] % 3 == 2, $"opens with {rows} of 3 rows");
        }
        catch (StorageUnavailableException e) when (input[0] % 3 == 2)
        {
            // Facts that cannot be read are done without, and PagerDuty is asked.
            FuzzFinding.Unless(e.Message.Contains(path, StringComparison.Ordinal), $"the failure does not name the file: {e.Message}");
        }
        catch (StorageUnusableException e)
        {
            FuzzFinding.Unless(e.Message.Contains(path, StringComparison.Ordinal), $"the refusal does not name the file: {e.Message}");
            FuzzFinding.Unless(File.ReadAllBytes(path).AsSpan().SequenceEqual(input.AsSpan(1)), $"the file was changed, and refused: {e.Message}");
        }
    }

    protected override ValueTask EndAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens a file as a start does, and counts what is in it.</summary>
    private async Task<int> OpenAsync(int which, string path)
    {
        switch (which)
        {
            case 0:
                await using (var store = SqliteConfigurationStore.Open(path, _keys))
                {
                    var stored = await store.LoadAsync(CancellationToken.None);
                    return stored.Integrations.Count + stored.Policies.Count;
                }

            case 1:
                await using (var journal = SqliteSessionJournal.Open(path, TimeProvider.System, NullLogger<SqliteSessionJournal>.Instance))
                {
                    var state = await journal.LoadAsync(CancellationToken.None);
                    return state.Sessions.Count + state.Events.Count;
                }

            default:
                using (var blobs = SqliteBlobs.Open(path))
                {
                    return ((ReadOnlySpan<string>)["default/a", "default/b", "default/c"]).ToArray().Count(n => blobs.Get(n) is not null);
                }
        }
    }

    private async Task FillAsync()
    {
        var path = _folder.File("pdsidecar.db");
        await using (var store = SqliteConfigurationStore.Open(path, _keys))
        {
            await store.CreateAsync(new StoredIntegration(new Integration { Name = "pd", OrganizationId = "default" }, new IntegrationSecrets("key", ["secret"])), CancellationToken.None);
            foreach (var name in (string[])["payments", "checkout"])
            {
                var policy = new Policy { Name = name, OrganizationId = "default", Description = new string('d', 900), OrgWide = true };
                policy.Integrations.Add(new IntegrationCondition { IntegrationName = "pd", PagerdutyOncall = new PagerDutyOnCallCondition { ServiceId = "PSVC", RequireBeOncall = true } });
                await store.CreateAsync(policy, CancellationToken.None);
            }
        }

        _files.Add(await File.ReadAllBytesAsync(path));
        path = _folder.File("sessions.db");
        await using (var journal = SqliteSessionJournal.Open(path, TimeProvider.System, NullLogger<SqliteSessionJournal>.Instance))
        {
            var session = new JournalSession(
                new EvaluateRequest { OrganizationId = "default", ConnectorId = "c1", SessionKey = "k1", SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" }, Account.Now, Account.Now, ["payments"]);
            journal.Append(new JournalEntry.SessionPut(session));
            journal.Append(new JournalEntry.EventAppended("default", "c1", 1, Account.Now, WatchMessage.Of(new WatchSessionsResponse { Revision = 1, SessionRevoked = new SessionRevoked { SessionKey = "k0" } }, default)));
            journal.Append(new JournalEntry.EventAppended("default", "c1", 2, Account.Now, WatchMessage.Of(new WatchSessionsResponse { Revision = 2, SessionExpiring = new SessionExpiring { SessionKey = "k1", ExpireTime = Account.Now.ToTimestamp() } }, default)));
            await journal.FlushAsync(CancellationToken.None);
        }

        _files.Add(await File.ReadAllBytesAsync(path));
        path = _folder.File("facts.db");
        using (var blobs = SqliteBlobs.Open(path))
        {
            blobs.Put("default/a", new byte[6000]);
            blobs.Put("default/b", [1, 2, 3]);
            blobs.Put("default/c", [4]);
        }

        _files.Add(await File.ReadAllBytesAsync(path));
    }

    /// <summary>Another program's database.</summary>
    private byte[] Stranger()
    {
        var path = _folder.File("stranger.db");
        using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString()))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT); INSERT INTO moz_places (url) VALUES ('https://example.com');";
            command.ExecuteNonQuery();
        }

        return File.ReadAllBytes(path);
    }
}
