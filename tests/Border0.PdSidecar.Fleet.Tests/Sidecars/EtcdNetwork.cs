using Border0.PdSidecar.Testing.Etcd;

namespace Border0.PdSidecar.Fleet.Tests.Sidecars;

/// <summary>A cluster whose members reach each other over lines, so that one of them can be cut off from the others; clients reach it still.</summary>
public sealed class EtcdNetwork : IAsyncDisposable
{
    private readonly IReadOnlyList<Line> _lines;

    private EtcdNetwork(EtcdCluster cluster, IReadOnlyList<Line> lines) => (Cluster, _lines) = (cluster, lines);

    public EtcdCluster Cluster { get; }

    public static async Task<EtcdNetwork> StartAsync(int members, params string[] more)
    {
        Line[] lines = [.. Enumerable.Range(0, members).Select(_ => new Line())];
        var cluster = await EtcdCluster.StartBehindAsync(
            members,
            (member, peer) =>
            {
                lines[member].To = peer;
                return lines[member].From;
            },
            more);
        return new EtcdNetwork(cluster, lines);
    }

    /// <summary>Nothing comes to a member from the others, and nothing from it to them: etcd's members say who they are when they connect.</summary>
    public void CutOff(EtcdMachine machine)
    {
        var index = Cluster.Machines.Index().First(m => m.Item == machine).Index;
        foreach (var (i, line) in _lines.Index())
        {
            if (i == index)
            {
                line.Cut();
            }
            else
            {
                line.CutFrom(_lines[index].From.OriginalString.TrimEnd('/'));
            }
        }
    }

    /// <summary>Everybody reaches everybody again.</summary>
    public void Mend()
    {
        foreach (var line in _lines)
        {
            line.Mend();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        foreach (var line in _lines)
        {
            line.Dispose();
        }
    }
}
