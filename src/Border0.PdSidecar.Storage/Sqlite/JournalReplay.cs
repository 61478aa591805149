using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Storage.Sqlite;

/// <summary>
/// What tables and the entries of groups that are not in them yet come to together. Entries may be in the tables already: what follows them
/// is among the entries too.
/// </summary>
internal static class JournalReplay
{
    /// <summary>Replays entries, in order.</summary>
    public static JournalState Over(JournalState tables, IReadOnlyList<JournalEntry> entries)
    {
        if (entries.Count == 0)
        {
            return tables;
        }

        var sessions = tables.Sessions.ToDictionary(s => (s.Request.OrganizationId, s.Request.SessionKey));
        var final = tables.FinalKeys.ToDictionary(f => (f.OrganizationId, f.SessionKey), f => f.Until);
        var heads = new Dictionary<(string OrganizationId, string ConnectorId), long>(tables.Heads);
        var logs = new Dictionary<(string OrganizationId, string ConnectorId), SortedDictionary<long, JournalEntry.EventAppended>>();
        foreach (var e in tables.Events)
        {
            LogOf(e.OrganizationId, e.ConnectorId)[e.Revision] = e;
        }

        foreach (var entry in entries)
        {
            switch (entry)
            {
                case JournalEntry.SessionPut put:
                    sessions[(put.Session.Request.OrganizationId, put.Session.Request.SessionKey)] = put.Session;
                    break;
                case JournalEntry.SessionRemoved removed:
                    Remove(removed);
                    break;
                case JournalEntry.EventAppended appended:
                    LogOf(appended.OrganizationId, appended.ConnectorId)[appended.Revision] = appended;
                    heads[(appended.OrganizationId, appended.ConnectorId)] = appended.Revision;
                    if (appended.Ended is { } ended)
                    {
                        Remove(ended);
                    }

                    break;
                case JournalEntry.EventsTrimmed trimmed:
                    var log = LogOf(trimmed.OrganizationId, trimmed.ConnectorId);
                    while (log.Count > 0 && log.First().Key < trimmed.OldestRevision)
                    {
                        log.Remove(log.First().Key);
                    }

                    break;
            }
        }

        return tables with
        {
            Sessions = [.. sessions.Values],
            Events = [.. logs.Values.SelectMany(l => l.Values)],
            Heads = heads,
            FinalKeys = [.. final.Select(f => (f.Key.OrganizationId, f.Key.SessionKey, f.Value))],
        };

        SortedDictionary<long, JournalEntry.EventAppended> LogOf(string organization, string connector) =>
            logs.TryGetValue((organization, connector), out var known) ? known : logs[(organization, connector)] = [];

        void Remove(JournalEntry.SessionRemoved removed)
        {
            sessions.Remove((removed.OrganizationId, removed.SessionKey));
            if (removed.FinalUntil is { } until)
            {
                final[(removed.OrganizationId, removed.SessionKey)] = until;
            }
        }
    }
}
