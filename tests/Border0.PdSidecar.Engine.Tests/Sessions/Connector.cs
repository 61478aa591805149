using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

/// <summary>
/// A connector that looks in from time to time: each <see cref="ReadAsync"/> subscribes with the token of the message it handled
/// last, takes all that is there, and hangs up. Nothing waits: what is there is there at once.
/// </summary>
internal sealed class Connector(World world, string id = World.Connector)
{
    public string Token { get; set; } = "";

    /// <summary>What the last subscription began with.</summary>
    public WatchSessionsResponse? First { get; private set; }

    public static async Task<Connector> SubscribedAsync(World world, string id = World.Connector)
    {
        var connector = new Connector(world, id);
        await connector.ReadAsync();
        return connector;
    }

    /// <summary>Everything after the token, heartbeats aside, of which at most so many are taken.</summary>
    public async Task<List<WatchSessionsResponse>> ReadAsync(IReadOnlyCollection<AdoptedSession>? active = null, int most = int.MaxValue)
    {
        using var watch = world.Sessions.Watch(World.Organization, id, Token, active ?? [], TimeSpan.FromSeconds(1), _ => []);
        using var hangUp = new CancellationTokenSource();
        var messages = watch.ReadAllAsync(hangUp.Token).Select(m => m.Read()).GetAsyncEnumerator(hangUp.Token);
        var read = new List<WatchSessionsResponse>();
        First = null;
        while (read.Count < most)
        {
            var next = messages.MoveNextAsync();
            if (!next.IsCompleted)
            {
                await hangUp.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
                break;
            }

            if (!await next)
            {
                break;
            }

            First ??= messages.Current;
            Token = messages.Current.ResumeToken;
            if (messages.Current.Heartbeat is null)
            {
                read.Add(messages.Current);
            }
        }

        await messages.DisposeAsync();
        return read;
    }

    /// <summary>The revocations after the token.</summary>
    public async Task<List<SessionRevoked>> RevokedAsync(IReadOnlyCollection<AdoptedSession>? active = null) =>
        [.. (await ReadAsync(active)).Where(m => m.SessionRevoked is not null).Select(m => m.SessionRevoked)];

    /// <summary>The one revocation that is there.</summary>
    public async Task<SessionRevoked> RevokedOnceAsync() => Assert.Single(await RevokedAsync());
}
