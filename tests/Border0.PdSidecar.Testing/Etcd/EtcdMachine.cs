using System.Net;
using System.Net.Sockets;

namespace Border0.PdSidecar.Testing.Etcd;

/// <summary>One real etcd as a process on loopback, with ports and a directory that it keeps over restarts.</summary>
public sealed class EtcdMachine : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly IReadOnlyList<string> _arguments;
    private readonly int _metricsPort;
    private ProgramRun? _run;

    internal EtcdMachine(string name, string folder, string scheme, int clientPort, int peerPort, int metricsPort, IEnumerable<string> cluster)
    {
        Name = name;
        Endpoint = new Uri($"{scheme}://127.0.0.1:{clientPort}");
        PeerPort = peerPort;
        _metricsPort = metricsPort;
        _arguments =
        [
            "--name", name, "--data-dir", Path.Combine(folder, name),
            "--listen-client-urls", Endpoint.OriginalString, "--advertise-client-urls", Endpoint.OriginalString,
            "--listen-peer-urls", $"http://127.0.0.1:{peerPort}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{peerPort}",
            "--listen-metrics-urls", $"http://127.0.0.1:{metricsPort}", "--logger", "zap", "--log-level", "warn", .. cluster,
        ];
    }

    public string Name { get; }

    /// <summary>Where clients reach it.</summary>
    public Uri Endpoint { get; }

    /// <summary>Where the other members reach it.</summary>
    public int PeerPort { get; }

    public bool IsRunning => _run is { HasExited: false };

    /// <summary>What it said, for the messages of failed assertions.</summary>
    public string Said => _run?.Errors ?? "";

    /// <summary>The process.</summary>
    public int ProcessId => _run!.Id;

    /// <summary>Starts it; with what it had, after it was killed.</summary>
    public void Start() => _run = ProgramRun.Start("etcd", _arguments, environment: new Dictionary<string, string> { ["ETCDCTL_API"] = "3" });

    /// <summary>Waits until it answers and knows a leader.</summary>
    public Task HealthyAsync() => Eventually.SeesAsync<string>(
        async () => !IsRunning ? throw new InvalidOperationException($"etcd {Name} ended: {Said}")
            : (await AskAsync("/health"))?.Contains("\"true\"", StringComparison.Ordinal) == true ? "healthy" : null,
        $"a healthy etcd {Name}: {Said}",
        TimeSpan.FromSeconds(60));

    /// <summary>Whether it leads the others.</summary>
    public async Task<bool> IsLeaderAsync() => IsRunning && (await AskAsync("/metrics"))?.Contains("\netcd_server_is_leader 1\n", StringComparison.Ordinal) == true;

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _run!.KillAsync();

    /// <summary>Starts it again after a kill, and waits until it answers.</summary>
    public async Task RestartAsync()
    {
        await DisposeAsync();
        Start();
        await HealthyAsync();
    }

    /// <summary>SIGSTOP: its connections stay open, and nothing comes from it.</summary>
    public void Freeze() => _run!.Freeze();

    /// <summary>SIGCONT.</summary>
    public void Thaw() => _run!.Thaw();

    public async ValueTask DisposeAsync()
    {
        if (_run is not null)
        {
            await _run.DisposeAsync();
        }
    }

    /// <summary>Ports that nobody listens on at the moment.</summary>
    internal static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(l => l.Start());
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        listeners.ForEach(l => l.Dispose());
        return ports;
    }

    private async Task<string?> AskAsync(string path)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{_metricsPort}{path}");
            request.Headers.Connection.Add("close");
            using var answer = await Http.SendAsync(request);
            return await answer.Content.ReadAsStringAsync();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
    }
}
