using System.Text;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Fuzz.Running;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>Configuration files, and the same values in the environment. The first byte of an input says which.</summary>
internal sealed class ConfigurationTarget : FuzzTarget
{
    private readonly ScratchFolder _folder = new();

    public override string Name => "configuration";

    public override string About => "configuration files and PDSIDECAR_ variables";

    public override int Longest => 64 * 1024;

    public override IReadOnlyList<byte[]> Examples { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            """F{"data":"/tmp/x","grpc_tcp":"127.0.0.1:0","http":"[::1]:50552","max_staleness":"60s","session_max_staleness":"00:15:00","require_watcher":true,"rate_share":0.5,"log_level":"warning"}""",
            """F{ /* comment */ "loopback_roles": "connector,viewer", "grpc_socket_callers": "root=admin+viewer, *=connector:*", "decision_log": "file,stdout", "decision_log_size": "64MiB", }""",
            """F{"pagerduty_base_url":"http://localhost:8080","default_organization":"acme","grpc_socket":"/tmp/s.sock","grpc_socket_mode":"0660","grpc_socket_group":"0","decision_log_file":"/tmp/d.jsonl"}""",
            "EGRPC_TCP=localhost:1\nHTTP=0.0.0.0:1\nTLS_CERTIFICATE=/etc/hostname\nTLS_KEY=/etc/hostname\nMAX_MESSAGE_SIZE=4MiB\nKEEP_ALIVE_TIMEOUT=500ms\n",
            "EMAX_STALENESS=1d\nSESSION_LEASE=7d\nON_CALL_HORIZON=12h\nEXPIRING_WARNING=0\nDECISION_LOG_FILES=4\nLOG_FORMAT=json\nMIN_DATA_RATE=0",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            .. OptionKeys.All.Select(k => $"\"{k.Name}\":"), .. OptionKeys.All.Select(k => $"\n{k.Name.ToUpperInvariant()}="),
            "\"99999999d\"", "99999999d", "9e99s", "\"10675199.02:48:05.4775808\"", "\"-1s\"", "\"8388608TiB\"", "\"[::1%9]:1\"", "\"[localhost]:1\"", "\":1\"", "\"\\u0000\"", "\"/\\u0000/x\"",
            "\"file:///x\"", "\"http://u:p@h/?q\"", "\"*=admin\"", "\"a*b=connector:*\"", "=connector:", "\"none\"", "\"off\"", "1e400", "\"07777\"", "0.0000001",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    // Each rule's user is looked up in the system's list of users.
    public override long AllocationBound(int size) => (16L << 20) + 4096L * size;

    public override void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        List<string> problems = [];
        string? file = null;
        Dictionary<string, string> environment = [];
        if (input[0] % 2 == 0)
        {
            file = _folder.File("config.json");
            File.WriteAllBytes(file, input[1..]);
        }
        else
        {
            // No process can be given a NUL.
            foreach (var line in Encoding.UTF8.GetString(input.AsSpan(1)).Replace("\0", "", StringComparison.Ordinal).Split('\n').Where(l => l.Contains('=', StringComparison.Ordinal)))
            {
                environment["PDSIDECAR_" + line[..line.IndexOf('=', StringComparison.Ordinal)]] = line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..];
            }
        }

        var options = OptionsReader.Read(file, environment.GetValueOrDefault, new Dictionary<string, string>(), problems);
        FuzzFinding.Unless(problems.All(p => p.Length > 0), "a problem is told without a word");
        if (problems.Count > 0)
        {
            return;
        }

        FuzzFinding.Unless(options.GrpcTcp.Address is not null && options.Http.Address is not null, "an address is none");
        FuzzFinding.Unless(ListenAddress.TryParse(options.GrpcTcp.ToString(), out var again) && again.Address.Equals(options.GrpcTcp.Address) && again.Port == options.GrpcTcp.Port, $"{options.GrpcTcp} reads otherwise");
        FuzzFinding.Unless(options.MaxStaleness > TimeSpan.Zero && options.SessionMaxStaleness >= options.MaxStaleness, "staleness is out of bounds");
        FuzzFinding.Unless(options.GrpcTcp.IsLoopback || options.TlsCertificate.Length > 0, "beyond loopback without TLS");
        FuzzFinding.Unless(!options.LoopbackRoles.HasFlag(Access.Roles.Admin), "loopback administers");
        _ = options.GrpcSocketCallers.Find(["uid:0", "root", "mallory"]);
        _ = Path.GetFullPath(options.Data);
    }

    protected override ValueTask EndAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
