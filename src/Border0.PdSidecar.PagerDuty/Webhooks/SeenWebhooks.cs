using Border0.PdSidecar.Engine;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Internal;

namespace Border0.PdSidecar.PagerDuty.Webhooks;

/// <summary>
/// Remembers deliveries for as long as PagerDuty may repeat them (48 hours), within a bound. Safe from any thread.
/// </summary>
internal sealed class SeenWebhooks : IDisposable
{
    // PagerDuty repeats a delivery for up to 48 hours ("Behavior").
    private static readonly TimeSpan Kept = TimeSpan.FromHours(49);
    private readonly Lock _lock = new();
    private readonly MemoryCache _seen;

    public SeenWebhooks(TimeProvider time, int capacity = 200_000) => _seen = new MemoryCache(new MemoryCacheOptions
    {
        Clock = new Clock(time),
        SizeLimit = capacity,
        CompactionPercentage = 0.1,
    });

    /// <summary>Whether none of the ids was seen before; all of them are from now on. Empty ids say nothing.</summary>
    public bool IsNew(IntegrationKey integration, string? webhookId, string eventId)
    {
        lock (_lock)
        {
            // Both are looked at, so that both are remembered.
            var newId = Add((integration, 'w', webhookId ?? ""));
            var newEvent = Add((integration, 'e', eventId));
            return newId && newEvent;
        }
    }

    public void Dispose() => _seen.Dispose();

    private bool Add((IntegrationKey Integration, char Kind, string Id) key)
    {
        if (key.Id.Length == 0)
        {
            return true;
        }

        if (_seen.TryGetValue(key, out _))
        {
            return false;
        }

        _seen.Set(key, true, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Kept });
        return true;
    }

#pragma warning disable CS0618 // The cache takes its clock through this type only.
    private sealed class Clock(TimeProvider time) : ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
#pragma warning restore CS0618
}
