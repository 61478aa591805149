using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Storage.Sqlite;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

public sealed class JournalGroupTests
{
    private static readonly JournalEntry[] Every =
    [
        Entries.Put("a", facts: Entries.Start, policies: ["p", "q"]),
        Entries.Put("ü€😀", organization: "other", policies: "p"),
        Entries.Removed("nul\0in it"),
        Entries.Removed("", final: Entries.Start.AddHours(1)),
        Entries.Event(1),
        Entries.Event(2, ended: Entries.Removed("a")),
        Entries.Event(3, "c2", ended: Entries.Removed("a", organization: "other", final: Entries.Start)),
        new JournalEntry.EventAppended(
            "org", "c1", long.MaxValue, Entries.Start, WatchMessage.Of(new WatchSessionsResponse { Revision = long.MaxValue, SessionExpiring = new SessionExpiring { SessionKey = "b" } }, default), Entries.Removed("b")),
        Entries.Trimmed(2),
    ];

    [Fact]
    public async Task What_is_written_is_read_again()
    {
        var group = new JournalGroup();
        group.Write([Entries.Put("of the group before", policies: "p")]);
        var read = JournalGroupReader.Read(group.Write(Every));
        Assert.Equal(Every.Select(e => e.GetType()), read.Select(e => e.GetType()));
        Assert.Equal((await JournalStates.OfAsync(Every)).Describe(Entries.Start), (await JournalStates.OfAsync(read)).Describe(Entries.Start));
        Assert.Equal(Ends(Every), Ends(read));
    }

    [Fact]
    public void What_the_events_of_one_change_have_in_common_stands_in_it_once()
    {
        var body = new SessionRevoked { ReasonAdmin = new string('x', 500) }.ToByteArray();
        var events = Enumerable.Range(1, 1_000)
            .Select(i => new JournalEntry.EventAppended("org", "c1", i, Entries.Start, WatchMessage.Of(body, $"s{i}", i), Entries.Removed($"s{i}"))).ToArray();
        var bytes = new JournalGroup().Write(events).ToArray();
        Assert.InRange(bytes.Length, 1, 40_000);
        Assert.Equal(events.Select(e => e.Message.Read()), JournalGroupReader.Read(bytes).Cast<JournalEntry.EventAppended>().Select(e => e.Message.Read()));
    }

    [Fact]
    public void However_it_is_damaged_it_is_read_or_refused()
    {
        var whole = new JournalGroup().Write(Every).ToArray();
        var random = new Random(4);
        for (var i = 0; i < 20_000; i++)
        {
            var damaged = whole[..(i % 2 == 0 ? whole.Length : random.Next(whole.Length))];
            for (var flips = random.Next(1, 4); flips > 0 && damaged.Length > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            try
            {
                JournalGroupReader.Read(damaged);
            }
            catch (Exception e) when (e is FormatException or InvalidProtocolBufferException)
            {
                // What the start is then refused with.
                continue;
            }
        }
    }

    private static IEnumerable<JournalEntry.SessionRemoved?> Ends(IEnumerable<JournalEntry> entries) => entries.OfType<JournalEntry.EventAppended>().Select(e => e.Ended);
}
