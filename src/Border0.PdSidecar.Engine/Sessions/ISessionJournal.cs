using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// Where open sessions and events survive a restart. Entries are written behind, in the order they were appended, in groups.
/// </summary>
public interface ISessionJournal
{
    /// <summary>Reads what was durable when the last process ended.</summary>
    Task<JournalState> LoadAsync(CancellationToken cancellation);

    /// <summary>Appends an entry. Never blocks and never throws.</summary>
    /// <param name="entry">What happened. Not to be changed afterwards.</param>
    /// <param name="settled">
    /// Called once with the entry, in the order of the entries: with true once this entry and all before it are durable, with false once it is known
    /// that it cannot be made durable now (a full disk). What waits for it goes on then, since a revocation that is delivered is worth
    /// more than one that is recorded; the journal keeps the entry and makes it durable as soon as it can.
    /// </param>
    void Append(JournalEntry entry, Action<JournalEntry, bool>? settled = null);

    /// <summary>Raised after the entries that settled together were said to be: what is to be done once for all of them is done now.</summary>
    event Action? GroupSettled;

    /// <summary>Waits until everything that was appended so far is durable, or is known not to be for now.</summary>
    Task FlushAsync(CancellationToken cancellation);
}

/// <summary>One change of what survives a restart.</summary>
public abstract record JournalEntry
{
    private JournalEntry()
    {
    }

    /// <summary>A session was opened, adopted, or is granted by other policies than before.</summary>
    /// <param name="Session">All that is needed to evaluate it again.</param>
    public sealed record SessionPut(JournalSession Session) : JournalEntry;

    /// <summary>A session is over.</summary>
    /// <param name="OrganizationId">Its organization.</param>
    /// <param name="SessionKey">Its key.</param>
    /// <param name="FinalUntil">Until when the key may not be used again; null when it may at once.</param>
    public sealed record SessionRemoved(string OrganizationId, string SessionKey, DateTimeOffset? FinalUntil) : JournalEntry;

    /// <summary>An event was appended to a connector's log.</summary>
    /// <param name="OrganizationId">The connector's organization.</param>
    /// <param name="ConnectorId">The connector.</param>
    /// <param name="Revision">Its revision in that log.</param>
    /// <param name="Time">When.</param>
    /// <param name="Message">The event.</param>
    /// <param name="Ended">
    /// The session that it ends, removed together with it: both are durable or neither is, so that a restart neither owes the event
    /// again nor forgets it. Null for none.
    /// </param>
    public sealed record EventAppended(
        string OrganizationId, string ConnectorId, long Revision, DateTimeOffset Time, WatchMessage Message, SessionRemoved? Ended = null) : JournalEntry;

    /// <summary>A connector's log forgot everything before a revision.</summary>
    /// <param name="OrganizationId">The connector's organization.</param>
    /// <param name="ConnectorId">The connector.</param>
    /// <param name="OldestRevision">The oldest revision that is still kept.</param>
    public sealed record EventsTrimmed(string OrganizationId, string ConnectorId, long OldestRevision) : JournalEntry;
}

/// <summary>A session as it survives a restart.</summary>
/// <param name="Request">The request that it was opened with, organization, connector and key filled in.</param>
/// <param name="Opened">When it was opened.</param>
/// <param name="FactsTime">The instant of the oldest facts it was last allowed on; null when it needed none.</param>
/// <param name="PolicyNames">The policies that granted it last.</param>
public sealed record JournalSession(
    EvaluateRequest Request, DateTimeOffset Opened, DateTimeOffset? FactsTime, IReadOnlyList<string> PolicyNames);

/// <summary>What was durable when the last process ended.</summary>
public sealed record JournalState
{
    /// <summary>Identifies the history that revisions belong to; made once per journal, 16 bytes.</summary>
    public required Guid Epoch { get; init; }

    /// <summary>The open sessions.</summary>
    public IReadOnlyList<JournalSession> Sessions { get; init; } = [];

    /// <summary>The events that are kept, in the order of their revisions per connector.</summary>
    public IReadOnlyList<JournalEntry.EventAppended> Events { get; init; } = [];

    /// <summary>Per connector, the revision that its log stood at, even when none of its events are kept.</summary>
    public IReadOnlyDictionary<(string OrganizationId, string ConnectorId), long> Heads { get; init; } =
        new Dictionary<(string, string), long>();

    /// <summary>Session keys that may not be used again, and until when.</summary>
    public IReadOnlyList<(string OrganizationId, string SessionKey, DateTimeOffset Until)> FinalKeys { get; init; } = [];
}
