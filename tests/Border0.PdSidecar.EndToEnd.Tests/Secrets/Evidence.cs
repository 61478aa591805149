using System.Collections.Concurrent;
using System.Text;
using Google.Protobuf;
using Grpc.Core;

namespace Border0.PdSidecar.EndToEnd.Tests.Secrets;

/// <summary>Everything that could be seen of a sidecar, by where it was seen.</summary>
internal sealed class Evidence
{
    private readonly ConcurrentQueue<(string Place, byte[] Bytes)> _all = new();

    public IEnumerable<string> Places => _all.Select(e => e.Place).Distinct();

    public void Add(string place, string text) => Add(place, Encoding.UTF8.GetBytes(text));

    public void Add(string place, byte[] bytes) => _all.Enqueue((place, bytes));

    /// <summary>What a call is answered, whatever it is.</summary>
    /// <returns>The answer; null when it was an error.</returns>
    public async Task<T?> CallAsync<T>(string place, AsyncUnaryCall<T> call)
        where T : class, IMessage
    {
        try
        {
            var answer = await call;
            Add(place, answer.ToByteArray());
            Add(place, JsonFormatter.Default.Format(answer));
            return answer;
        }
        catch (RpcException e)
        {
            Add("an error status", $"{e.Status}\n{string.Join('\n', e.Trailers.Where(t => !t.IsBinary).Select(t => $"{t.Key}: {t.Value}"))}");
            foreach (var trailer in e.Trailers.Where(t => t.IsBinary))
            {
                Add("an error status", trailer.ValueBytes);
            }

            return null;
        }
    }

    /// <summary>Every file under a directory but the keys themselves and what holds nothing, each under its own name.</summary>
    public void AddFiles(string directory)
    {
        foreach (var file in Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) is not ("encryption.key" or "lock" or "grpc.sock" or "pdsidecar.sock")))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            Add("file " + Path.GetFileName(file), bytes.ToArray());
        }
    }

    /// <summary>What a scanner finds in all of it.</summary>
    public IReadOnlyList<string> Scan(LeakScanner scanner) => [.. _all.AsParallel().SelectMany(e => scanner.Find(e.Place, e.Bytes)).Distinct()];
}
