using System.Globalization;
using System.Net;

namespace Border0.PdSidecar.Load.Servers;

/// <summary>A server under load: a process, where it listens, and what its kind of call looks like.</summary>
internal abstract class Server : IAsyncDisposable
{
    public const string Sidecar = "sidecar", Echo = "echo", Cerbos = "Cerbos";
    private static readonly HttpClient Http = new();

    public abstract string Name { get; }

    public abstract int ProcessId { get; }

    public abstract EndPoint Tcp { get; }

    public abstract EndPoint Unix { get; }

    /// <summary>The unary method that answers one request, as a path.</summary>
    public virtual string Method => "/border0.pdsidecar.v1.EvaluationService/Evaluate";

    /// <summary>A request of it.</summary>
    public virtual byte[] Request => Requests.Plain;

    /// <summary>How every answer to it begins, the decision included.</summary>
    public virtual byte[] AnswerBegins => Requests.PlainAnswerBegins;

    /// <summary>Its page of metrics with the bytes that it has allocated; null for a server that has none.</summary>
    protected abstract Uri? Metrics { get; }

    public double CpuMicroseconds => ProcessFigures.CpuMicroseconds(ProcessId);

    public double ResidentMegabytes => ProcessFigures.ResidentMegabytes(ProcessId);

    /// <summary>The bytes that the server has allocated since its start; NaN where it does not say.</summary>
    public async Task<double> AllocatedBytesAsync()
    {
        if (Metrics is null)
        {
            return double.NaN;
        }

        var page = await Http.GetStringAsync(Metrics);
        var line = page.Split('\n').Single(l => l.StartsWith("dotnet_gc_heap_total_allocated_bytes_total", StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    public abstract ValueTask DisposeAsync();
}
