using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Storage.Tests.Sessions;

/// <summary>What a journal holds, as lines that can be compared and read.</summary>
internal static class JournalStates
{
    /// <summary>What a journal that has been told all of this holds, by the model.</summary>
    public static async Task<JournalState> OfAsync(IEnumerable<JournalEntry> entries)
    {
        var model = new MemorySessionJournal();
        foreach (var entry in entries)
        {
            model.Append(entry);
        }

        return await model.LoadAsync(default);
    }

    /// <summary>Everything but the epoch and the final keys that may be used again.</summary>
    public static string Describe(this JournalState state, DateTimeOffset now) => string.Join('\n', (string[])
    [
        .. state.Sessions
            .Select(s => $"session {s.Request} opened {s.Opened:O} facts {s.FactsTime:O} by [{string.Join(' ', s.PolicyNames)}]")
            .Order(StringComparer.Ordinal),
        .. state.Heads.Select(h => $"head {h.Key.OrganizationId}/{h.Key.ConnectorId} {h.Value}").Order(StringComparer.Ordinal),
        .. state.FinalKeys.Where(f => f.Until > now).Select(f => $"final {f.OrganizationId}/{f.SessionKey} {f.Until:O}").Order(StringComparer.Ordinal),

        // In the order that they are given in, per connector.
        .. state.Events.GroupBy(e => (e.OrganizationId, e.ConnectorId))
            .OrderBy(g => $"{g.Key.OrganizationId}/{g.Key.ConnectorId}", StringComparer.Ordinal)
            .SelectMany(g => g.Select(e => $"event {e.OrganizationId}/{e.ConnectorId} {e.Revision} at {e.Time:O}: {e.Message.Read()}")),
    ]);
}
