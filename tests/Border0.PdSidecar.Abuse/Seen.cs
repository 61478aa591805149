using System.Collections.Concurrent;
using System.Net.Sockets;
using Grpc.Core;

namespace Border0.PdSidecar.Abuse;

/// <summary>What an abuser was answered, and how often. Thread-safe.</summary>
public sealed class Seen
{
    /// <summary>The server ended a connection on which the abuser was still sending.</summary>
    public const string Stopped = "stopped";

    /// <summary>The server took all that an abuser had to send on one connection, which it must not.</summary>
    public const string TookAll = "took all";

    private readonly ConcurrentDictionary<string, int> _counts = new();

    /// <summary>Everything that was seen, the most frequent first: "8 × 1200".</summary>
    public string Summary => string.Join(", ", _counts.OrderByDescending(c => c.Value).Take(4).Select(c => $"{c.Key} × {c.Value}"));

    /// <summary>How many kinds of answer there were.</summary>
    public IReadOnlyCollection<string> Answers => [.. _counts.Keys];

    public void Add(string answer, int times = 1) => _counts.AddOrUpdate(answer, times, (_, count) => count + times);

    /// <summary>What was added since the last time, which is forgotten.</summary>
    public IEnumerable<KeyValuePair<string, int>> Take()
    {
        foreach (var answer in _counts.Keys)
        {
            if (_counts.TryRemove(answer, out var count))
            {
                yield return new(answer, count);
            }
        }
    }

    /// <summary>Counts how a call ends, and whether it was let through.</summary>
    public async Task CallAsync(Func<Task> call)
    {
        try
        {
            await call();
            Add("OK");
        }
        catch (RpcException e)
        {
            Add(e.StatusCode.ToString());
        }
        catch (Exception e) when (e is IOException or SocketException or HttpRequestException)
        {
            Add("closed");
        }
        catch (OperationCanceledException)
        {
            Add("held");
        }
    }
}
