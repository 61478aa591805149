using System.Collections.Concurrent;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Configuration;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>Counts the long-lived streams of each caller, and refuses those that are too many. Called from any thread, once a stream.</summary>
internal sealed class CallerStreams(SidecarOptions options)
{
    private const string All = "";
    private readonly ConcurrentDictionary<string, int> _streams = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _watches = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _evaluations = new(StringComparer.Ordinal);

    /// <summary>A watch begins; it is over when the lease is disposed of.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED.</exception>
    public IDisposable Watch(string organization, string connectorId) => Take(
        _watches,
        $"{organization}\n{connectorId}",
        options.Limits.MaxWatchesPerConnector,
        "TOO_MANY_WATCHES",
        $"connector {connectorId} has {options.Limits.MaxWatchesPerConnector} WatchSessions streams already (max_watches_per_connector): end those that are not needed, one is enough");

    /// <summary>An EvaluateStream begins.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED.</exception>
    public IDisposable Evaluation(Caller caller, ServerCallContext context) => Take(
        _evaluations,
        caller.Id.Length > 0 ? "id " + caller.Id : caller.Name.Length > 0 ? "name " + caller.Name : "connection " + context.GetHttpContext().Connection.Id,
        options.Limits.MaxEvaluateStreams,
        "TOO_MANY_STREAMS",
        $"there are {options.Limits.MaxEvaluateStreams} EvaluateStream streams already (max_evaluate_streams): end those that are not needed, one takes any number of requests");

    private Lease Take(ConcurrentDictionary<string, int> counts, string key, int most, string reason, string message)
    {
        Count(counts, key, most, reason, message);
        try
        {
            Count(_streams, All, options.Limits.MaxStreams, "TOO_MANY_STREAMS", $"there are {options.Limits.MaxStreams} streams already, of all callers together (max_streams)");
        }
        catch (RpcException)
        {
            Release(counts, key);
            throw;
        }

        return new Lease(this, counts, key);
    }

    private static void Count(ConcurrentDictionary<string, int> counts, string key, int most, string reason, string message)
    {
        if (counts.AddOrUpdate(key, 1, static (_, count) => count + 1) > most)
        {
            Release(counts, key);
            throw RpcErrors.Exhausted(reason, message);
        }
    }

    private static void Release(ConcurrentDictionary<string, int> counts, string key)
    {
        counts.AddOrUpdate(key, 0, static (_, count) => count - 1);
        counts.TryRemove(new(key, 0));
    }

    private sealed class Lease(CallerStreams streams, ConcurrentDictionary<string, int> counts, string key) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Release(counts, key);
                Release(streams._streams, All);
            }
        }
    }
}
