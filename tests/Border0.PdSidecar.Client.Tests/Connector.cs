using Border0.PdSidecar.V1;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Client.Tests;

/// <summary>A connector under test: a scripted sidecar, a clock that the test moves, and a client between them.</summary>
internal sealed class Connector : IAsyncDisposable
{
    private readonly SidecarConnection _connection;

    private Connector(ScriptedSidecar sidecar, Func<ConnectorOptions, ConnectorOptions>? with)
    {
        Sidecar = sidecar;
        _connection = SidecarConnection.To(sidecar.Address);
        var options = new ConnectorOptions
        {
            ConnectorId = "c1",
            OrganizationId = "acme",

            // gRPC holds it against the system's clock, and the machine may be busy.
            EvaluateDeadline = TimeSpan.FromMinutes(2),
            ShortestPause = TimeSpan.FromMilliseconds(1),
            LongestPause = TimeSpan.FromMilliseconds(1),
        };
        Client = ConnectorClient.Start(_connection, with?.Invoke(options) ?? options, Handler, Time);
    }

    public ScriptedSidecar Sidecar { get; }

    public ConnectorClient Client { get; }

    public RecordingHandler Handler { get; } = new();

    /// <summary>Begins now, since gRPC itself holds deadlines against the system's clock.</summary>
    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    /// <summary>When what allows a session ends, for tests that have such an end.</summary>
    public DateTimeOffset Until { get; set; }

    /// <summary>Starts one whose watch has not been answered yet.</summary>
    public static async Task<Connector> StartAsync(Func<ConnectorOptions, ConnectorOptions>? with = null) =>
        new(await ScriptedSidecar.StartAsync(), with);

    /// <summary>Starts one and gives it the first heartbeat.</summary>
    public static async Task<(Connector Connector, Subscription Watch)> StartWatchingAsync(Func<ConnectorOptions, ConnectorOptions>? with = null)
    {
        var connector = await StartAsync(with);
        var watch = (await connector.Sidecar.NextSubscriptionAsync()).Beat(1);
        await connector.Client.WhenReadyAsync();
        return (connector, watch);
    }

    public static EvaluateRequest Question(string sessionKey = "") => new()
    {
        SocketId = "payments-db",
        SocketType = "database",
        UserEmail = "alice@example.com",
        SessionKey = sessionKey,
        ClientIp = "192.0.2.1",
        Groups = { "dba" },
        SocketTags = { ["env"] = "prod" },
    };

    public async Task OpenAsync(params IEnumerable<string> keys)
    {
        foreach (var key in keys)
        {
            Assert.Equal(AccessVerdict.Allow, (await Client.EvaluateAsync(Question(key))).Verdict);
        }
    }

    /// <summary>Moves the clock, slower than real time, until the client subscribes again.</summary>
    public async Task<Subscription> NextSubscriptionAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var turns = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (true)
        {
            if (Sidecar.TryNextSubscription(out var subscription))
            {
                return subscription!;
            }

            Time.Advance(TimeSpan.FromMilliseconds(1));
            await turns.WaitForNextTickAsync(patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        _connection.Dispose();
        await Sidecar.DisposeAsync();
    }
}
