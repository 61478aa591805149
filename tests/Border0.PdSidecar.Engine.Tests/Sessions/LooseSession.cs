using System.Runtime.CompilerServices;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>A session that no registry knows, for what is tested without one.</summary>
internal static class LooseSession
{
    public static OpenSession Of(string connectorId, string sessionKey, DateTimeOffset opened) => new(
        new ConnectorLog("acme", connectorId, (Guid.Empty, Guid.Empty), new MemorySessionJournal(), new SessionOptions(), _ => { }),
        sessionKey,
        new StrongBox<AccessRequest>(World.Request()),
        opened);
}
