namespace Border0.PdSidecar.Client.Watch;

/// <summary>Pauses that double up to a bound, each between half and the whole of its size. Called from one loop.</summary>
internal sealed class Backoff(TimeSpan shortest, TimeSpan longest, Random random)
{
    private TimeSpan? _next;

    public TimeSpan Next()
    {
        var size = _next ?? shortest;
        _next = size * 2 < longest ? size * 2 : longest;
        return size * (0.5 + (random.NextDouble() / 2));
    }

    public void Reset() => _next = null;
}
