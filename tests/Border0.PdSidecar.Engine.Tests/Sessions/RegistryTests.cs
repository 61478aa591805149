using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>The registry's bounds, its log, and who else is told.</summary>
public sealed class RegistryTests : IDisposable
{
    private readonly World _world = new();
    private readonly Told _told = new();
    private readonly MemorySessionJournal _journal = new();

    public RegistryTests()
    {
        _world.Put(World.Rule("incident", incidentOf: "S1"));
        _world.Incidents["S1"].Add("I1");
        _world.Publish();
    }

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(2, 100, 100, "c1/a c1/b", "c1/c", "c2/c")]
    [InlineData(100, 2, 100, "c1/a c2/b", "c2/c", "")]
    [InlineData(100, 100, 1, "c1/a c1/b", "c2/c", "c1/c")]
    public async Task PastABound_ASessionIsRefusedAsOneTooMany_AndTakesNoPlace(int ofAConnector, int ofAll, int connectors, string open, string tooMany, string fits)
    {
        using var registry = await StartAsync(new SessionOptions { MaxSessionsPerConnector = ofAConnector, MaxSessions = ofAll, MaxConnectors = connectors });
        foreach (var session in open.Split(' '))
        {
            Assert.True(Ask(registry, session).Allowed, session);
        }

        for (var i = 0; i < 3; i++)
        {
            var refused = Ask(registry, tooMany);
            Assert.Equal((true, false, false), (refused.TooManySessions, refused.Allowed, refused.KeyInUse));
        }

        Assert.True(fits.Length == 0 || Ask(registry, fits).Allowed, fits);
    }

    [Fact]
    public async Task ARevocation_IsToldAndLogged_OneOfManyMoreQuietly()
    {
        using var registry = await StartAsync(new SessionOptions());
        Ask(registry, "c1/a");
        Ask(registry, "c1/b");
        registry.Revoke(World.Organization, "", "a", "test");
        Assert.Equal([("c1", "a", RevocationCause.Administrator, 1)], _told.Revocations);
        Assert.Equal([LogLevel.Information], _told.Levels("SessionRevoked"));

        _world.Incidents["S1"].Clear();
        _world.Publish();

        Assert.Equal(("c1", "b", RevocationCause.IncidentResolved, 2), _told.Revocations[^1]);
        Assert.Equal([LogLevel.Information, LogLevel.Debug], _told.Levels("SessionRevoked"));
    }

    [Fact]
    public async Task WhatIsTakenOver_IsLogged_AndCounts_AndAfterTheStopNothingHappens()
    {
        using (var first = await StartAsync(new SessionOptions()))
        {
            Ask(first, "c1/a");
            Ask(first, "c1/b");
        }

        using var second = await StartAsync(new SessionOptions { MaxSessionsPerConnector = 2 });
        Assert.Equal([LogLevel.Information, LogLevel.Information], _told.Levels("SessionsRestored"));
        Assert.True(Ask(second, "c1/c").TooManySessions);

        second.Dispose();
        _world.Incidents["S1"].Clear();
        _world.Publish();
        _world.Remove("incident");
        Assert.Empty(_told.Revocations);
    }

    private static SessionEvaluation Ask(SessionRegistry registry, string session) =>
        registry.Evaluate(World.Request(), session.Split('/')[0], session.Split('/')[1]);

    private async Task<SessionRegistry> StartAsync(SessionOptions options)
    {
        var registry = new SessionRegistry(_world.Catalog, _world.Facts, _journal, options, _world.Time, _told, _told);
        await registry.StartAsync(r => World.Request(r.UserEmail, r.SocketId, r.SocketType), CancellationToken.None);
        return registry;
    }

    private sealed class Told : ILogger<SessionRegistry>, IRevocationObserver
    {
        private readonly List<(string? Event, LogLevel Level)> _lines = [];

        public List<(string Connector, string Key, RevocationCause Cause, long Revision)> Revocations { get; } = [];

        public IEnumerable<LogLevel> Levels(string name) => _lines.Where(l => l.Event == name).Select(l => l.Level);

        public void Revoked(in AccessRequest request, string connectorId, SessionRevoked revoked, long revision) =>
            Revocations.Add((connectorId, revoked.SessionKey, revoked.Cause, revision));

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _lines.Add((eventId.Name, logLevel));
    }
}
