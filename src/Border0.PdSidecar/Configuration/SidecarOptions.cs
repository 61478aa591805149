using Border0.PdSidecar.Access;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Storage.Etcd.Connection;

namespace Border0.PdSidecar.Configuration;

/// <summary>Everything that can be configured, with defaults that work.</summary>
public sealed record SidecarOptions
{
    /// <summary>Directory of the database, keys and socket; created 0700.</summary>
    public string Data { get; init; } = DefaultData();

    /// <summary>Path of the Unix domain socket for gRPC (0600). Empty: pdsidecar.sock in the data directory.</summary>
    public string GrpcSocket { get; init; } = "";

    /// <summary>The Unix socket's file mode.</summary>
    public UnixFileMode GrpcSocketMode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The Unix socket's group, by name or number. Empty: the process's.</summary>
    public string GrpcSocketGroup { get; init; } = "";

    /// <summary>Which roles other users have over the Unix socket than loopback has; the sidecar's own user and root have every role.</summary>
    public CallerRules GrpcSocketCallers { get; init; } = CallerRules.None;

    /// <summary>Which roles callers without credentials have on loopback; never admin.</summary>
    public Roles LoopbackRoles { get; init; } = Roles.Connector | Roles.Viewer;

    /// <summary>TCP listener for gRPC.</summary>
    public ListenAddress GrpcTcp { get; init; } = new("127.0.0.1", 50551);

    /// <summary>HTTP listener for webhooks, metrics and health.</summary>
    public ListenAddress Http { get; init; } = new("127.0.0.1", 50552);

    /// <summary>Whether the HTTP listener serves the web console.</summary>
    public ConsoleMode Console { get; init; } = ConsoleMode.Loopback;

    /// <summary>Names under which browsers may ask for the console, in small letters, beside localhost and IP addresses.</summary>
    public IReadOnlyList<string> ConsoleHosts { get; init; } = [];

    /// <summary>An address in place of PagerDuty's, for integrations that name it or none. Null: PagerDuty's own addresses only.</summary>
    public Uri? PagerDutyBaseUrl { get; init; }

    /// <summary>Whether a host name in <see cref="PagerDutyBaseUrl"/> may lead to an address that is not public.</summary>
    public bool PagerDutyPrivateAddresses { get; init; }

    /// <summary>The organization of calls that name none.</summary>
    public string DefaultOrganization { get; init; } = "default";

    /// <summary>New connections need facts younger than this, where the integration does not say.</summary>
    public TimeSpan MaxStaleness { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Running sessions are kept on facts up to this age, where the integration does not say.</summary>
    public TimeSpan SessionMaxStaleness { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The bound for which escalation policy a service uses, refreshed far less often.</summary>
    public TimeSpan MappingMaxStaleness { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A session whose connector has not been heard of for this long is revoked.</summary>
    public TimeSpan SessionLease { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long before a known end session_expiring is sent; 0 for never.</summary>
    public TimeSpan ExpiringWarning { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Allow a session only while its connector watches.</summary>
    public bool RequireWatcher { get; init; }

    /// <summary>The share of a key's rate limit that the sidecar allows itself.</summary>
    public double RateShare { get; init; } = 0.5;

    /// <summary>Target time between refreshes of incidents.</summary>
    public TimeSpan IncidentsInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Target time between refreshes of on-call shifts.</summary>
    public TimeSpan OnCallInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Target time between refreshes of services.</summary>
    public TimeSpan ServicesInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How far ahead on-call shifts are read.</summary>
    public TimeSpan OnCallHorizon { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Where integrations and policies are.</summary>
    public StorageKind Storage { get; init; } = StorageKind.Sqlite;

    /// <summary>Where etcd is, with <see cref="StorageKind.Etcd"/>.</summary>
    public EtcdOptions Etcd { get; init; } = new();

    /// <summary>This sidecar's name in the fleet, with <see cref="StorageKind.Etcd"/>. Empty: the machine's.</summary>
    public string FleetName { get; init; } = "";

    /// <summary>How long a sidecar that is not heard of stays a member of the fleet, and a poller.</summary>
    public TimeSpan FleetLease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>File of the keys that secrets are encrypted under. Empty: encryption.key in the data directory.</summary>
    public string EncryptionKeyFile { get; init; } = "";

    /// <summary>PEM certificate (chain) of the gRPC listener, wherever it listens. Empty: <see cref="TlsCertificate"/> beyond loopback.</summary>
    public string GrpcTlsCert { get; init; } = "";

    /// <summary>PEM private key of the gRPC listener's certificate.</summary>
    public string GrpcTlsKey { get; init; } = "";

    /// <summary>PEM certificates of the authorities whose client certificates the gRPC listener accepts. Empty: it asks for none.</summary>
    public string GrpcClientCa { get; init; } = "";

    /// <summary>Which roles the names in client certificates have.</summary>
    public CallerRules GrpcClientCallers { get; init; } = CallerRules.None;

    /// <summary>PEM certificate (chain) of the HTTP listener, wherever it listens. Empty: <see cref="TlsCertificate"/> beyond loopback.</summary>
    public string HttpTlsCert { get; init; } = "";

    /// <summary>PEM private key of the HTTP listener's certificate.</summary>
    public string HttpTlsKey { get; init; } = "";

    /// <summary>PEM certificate (chain) for listeners that are not on loopback and have none of their own.</summary>
    public string TlsCertificate { get; init; } = "";

    /// <summary>PEM private key of the certificate.</summary>
    public string TlsKey { get; init; } = "";

    /// <summary>The least severe level that is logged.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>"console" or "json".</summary>
    public string LogFormat { get; init; } = "console";

    /// <summary>Where decisions, revocations and administrative changes are recorded.</summary>
    public DecisionLogTargets DecisionLog { get; init; } = DecisionLogTargets.File;

    /// <summary>The file of the decision log. Empty: decisions.jsonl in the data directory.</summary>
    public string DecisionLogFile { get; init; } = "";

    /// <summary>How large the file gets before it is rotated, in bytes.</summary>
    public long DecisionLogSize { get; init; } = 64 * 1024 * 1024;

    /// <summary>How many files are kept, the one that is written to included.</summary>
    public int DecisionLogFiles { get; init; } = 4;

    /// <summary>What happens to a decision that the queue of the decision log has no room for.</summary>
    public DecisionLogWhenFull DecisionLogWhenFull { get; init; } = DecisionLogWhenFull.Block;

    /// <summary>Which decisions are recorded.</summary>
    public DecisionLogFilter DecisionLogFilter { get; init; } = DecisionLogFilter.All;

    /// <summary>Traces and metrics to an OpenTelemetry collector; off unless there is an endpoint.</summary>
    public OtlpOptions Otlp { get; init; } = new();

    /// <summary>What one caller may take at most.</summary>
    public CallLimits Limits { get; init; } = new();

    private static string DefaultData() =>
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? Path.Combine(state, "pdsidecar")
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "pdsidecar");
}
