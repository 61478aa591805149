using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

/// <summary>Journal entries to append.</summary>
internal static class Entries
{
    public const string Organization = "org";
    public const string Connector = "c1";
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    public static JournalEntry.SessionPut Put(string key, string socket = "db-1", string organization = Organization, DateTimeOffset? facts = null, params string[] policies) => new(
        new JournalSession(
            new EvaluateRequest
            {
                OrganizationId = organization,
                ConnectorId = Connector,
                SessionKey = key,
                SocketId = socket,
                SocketType = "database",
                UserEmail = "alice@example.com",
                Groups = { "dba" },
                SocketTags = { ["env"] = "prod" },
            },
            Start.AddTicks(key.Length),
            facts,
            policies));

    public static JournalEntry.SessionRemoved Removed(string key, string organization = Organization, DateTimeOffset? final = null) => new(organization, key, final);

    public static JournalEntry.EventAppended Event(
        long revision, string connector = Connector, string organization = Organization, JournalEntry.SessionRemoved? ended = null, int weight = 0) => new(
        organization,
        connector,
        revision,
        Start.AddSeconds(revision),
        WatchMessage.Of(
            new WatchSessionsResponse
            {
                Revision = revision,
                SessionRevoked = new SessionRevoked { SessionKey = ended?.SessionKey ?? "other", ReasonAdmin = new string('x', weight) },
            },
            default),
        ended);

    public static JournalEntry.EventsTrimmed Trimmed(long oldest, string connector = Connector, string organization = Organization) => new(organization, connector, oldest);
}
