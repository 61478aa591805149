using System.Text;
using System.Text.Json.Nodes;

namespace Border0.PdSidecar.Simulator.Faults;

/// <summary>Which requests something goes wrong with: by path, probability (from a seed) and count. Thread-safe.</summary>
/// <param name="seed">The same seed gives the same faults for the same sequence of requests.</param>
public sealed class FaultPlan(int seed = 1)
{
    private readonly Lock _lock = new();
    private readonly List<Fault> _faults = [];
    private readonly Random _random = new(seed);

    /// <summary>Adds a fault; the first one that fits a request hits it.</summary>
    public void Add(Fault fault)
    {
        lock (_lock)
        {
            _faults.Add(fault);
        }
    }

    /// <summary>Everything works again.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _faults.Clear();
        }
    }

    internal Fault? For(string path)
    {
        lock (_lock)
        {
            foreach (var fault in _faults)
            {
                if (path.StartsWith(fault.PathPrefix, StringComparison.Ordinal) && fault.Remaining is not 0 && _random.NextDouble() < fault.Probability)
                {
                    fault.Remaining--;
                    return fault;
                }
            }

            return null;
        }
    }

    /// <summary>Tampers with the body of an answer.</summary>
    internal static byte[] Tamper(FaultKind kind, byte[] body)
    {
        switch (kind)
        {
            case FaultKind.TruncatedBody:
                return body[..(body.Length / 2)];
            case FaultKind.GarbledBody:
                return Encoding.UTF8.GetBytes("<html><body>We are sorry</body></html>");
            case FaultKind.MissingField or FaultKind.DuplicateRows or FaultKind.MissingRow:
                var json = JsonNode.Parse(body)!.AsObject();
                if (json.FirstOrDefault(p => p.Value is JsonArray).Value is JsonArray rows && rows.Count > 0)
                {
                    Tamper(kind, rows);
                }

                return Encoding.UTF8.GetBytes(json.ToJsonString());
            default:
                return body;
        }
    }

    private static void Tamper(FaultKind kind, JsonArray rows)
    {
        switch (kind)
        {
            case FaultKind.MissingField:
                rows[0]!.AsObject().Remove("id");
                rows[0]!.AsObject().Remove("user");
                break;
            case FaultKind.MissingRow:
                rows.RemoveAt(0);
                break;
            default:
                foreach (var row in rows.ToList())
                {
                    rows.Add(row!.DeepClone());
                }

                break;
        }
    }
}
