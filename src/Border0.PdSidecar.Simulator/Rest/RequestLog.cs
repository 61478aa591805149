using Border0.PdSidecar.Simulator.Faults;

namespace Border0.PdSidecar.Simulator.Rest;

/// <summary>One request that the API received.</summary>
/// <param name="At">When, by the account's clock.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path.</param>
/// <param name="Query">The query, decoded, with its question mark.</param>
/// <param name="Status">What was answered; 0 for nothing.</param>
/// <param name="Fault">What went wrong with it; null for nothing.</param>
public sealed record ApiRequest(DateTimeOffset At, string Method, string Path, string Query, int Status, FaultKind? Fault);

/// <summary>Every request that the API received, the last hundred thousand. Thread-safe.</summary>
public sealed class RequestLog
{
    private readonly Lock _lock = new();
    private readonly Queue<ApiRequest> _requests = new();
    private long _received;

    /// <summary>How many requests there ever were.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>A copy of the log, oldest first.</summary>
    public IReadOnlyList<ApiRequest> Requests
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>How many requests' paths begin so.</summary>
    public int Count(string pathPrefix = "/") => Requests.Count(r => r.Path.StartsWith(pathPrefix, StringComparison.Ordinal));

    internal void Add(ApiRequest request)
    {
        lock (_lock)
        {
            _requests.Enqueue(request);
            Interlocked.Increment(ref _received);
            if (_requests.Count > 100_000)
            {
                _requests.Dequeue();
            }
        }
    }
}
