using System.Globalization;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Storage.Etcd.Connection;

namespace Border0.PdSidecar.Configuration;

/// <summary>One thing that can be configured, by the same name in the file, the environment and on the command line.</summary>
/// <param name="Name">In the file: "max_staleness". In the environment: "PDSIDECAR_MAX_STALENESS". As an argument: "--max-staleness".</param>
/// <param name="Value">The placeholder in help.</param>
/// <param name="Description">What it is, with its default.</param>
/// <param name="Put">Puts a text into the options; null when the text is not acceptable.</param>
public sealed record OptionKey(string Name, string Value, string Description, Func<SidecarOptions, string, SidecarOptions?> Put)
{
    /// <summary>The name as an argument.</summary>
    public string Argument => "--" + Name.Replace('_', '-');

    /// <summary>The name in the environment.</summary>
    public string Variable => "PDSIDECAR_" + Name.ToUpperInvariant();

    /// <summary>The least and the most that is accepted, written as a value is; null where that is not how the value is bounded.</summary>
    public (string Least, string Most)? Range { get; init; }
}

/// <summary>Everything that can be configured.</summary>
public static class OptionKeys
{
    /// <summary>The keys, in the order of help.</summary>
    public static IReadOnlyList<OptionKey> All { get; } =
    [
        new("data", "DIR", "directory of the database, keys and socket, created 0700 (default: $XDG_STATE_HOME/pdsidecar, else ~/.local/state/pdsidecar)", (o, t) => t.Length == 0 ? null : o with { Data = t }),
        new("grpc_socket", "PATH", "Unix domain socket for gRPC, mode 0600, at most 107 bytes (default: DIR/pdsidecar.sock)", (o, t) => o with { GrpcSocket = t }),
        new("grpc_socket_mode", "MODE", "file mode of the Unix socket, octal: 0600, 0660 or 0666 (default: 0600)", (o, t) => SocketMode(t) is { } m ? o with { GrpcSocketMode = m } : null),
        new("grpc_socket_group", "GROUP", "group of the Unix socket, by name or number (default: the process's)", (o, t) => o with { GrpcSocketGroup = t }),
        new("grpc_socket_callers", "RULES", "roles of other users on the Unix socket: USER=ROLE+ROLE:CONNECTOR, ... (default: what loopback has; the sidecar's own user and root have every role)", (o, t) => CallerRules.TryRead(t, out var r) ? o with { GrpcSocketCallers = r } : null),
        new("loopback_roles", "ROLES", "what callers without credentials may do on loopback: connector,viewer, one of the two, or none; never admin (default: connector,viewer)", (o, t) => LoopbackRoles(t) is { } r ? o with { LoopbackRoles = r } : null),
        new("grpc_tcp", "HOST:PORT", "TCP listener for gRPC; port 0 picks a free one (default: 127.0.0.1:50551)", (o, t) => ListenAddress.TryParse(t, out var a) ? o with { GrpcTcp = a } : null),
        new("http", "HOST:PORT", "HTTP listener for webhooks, metrics and health (default: 127.0.0.1:50552)", (o, t) => ListenAddress.TryParse(t, out var a) ? o with { Http = a } : null),
        new("console", "WHERE", "the web console on the HTTP listener: loopback (while that is where it listens), on or off (default: loopback)", (o, t) => t switch { "loopback" => o with { Console = ConsoleMode.Loopback }, "on" or "true" => o with { Console = ConsoleMode.On }, "off" or "false" => o with { Console = ConsoleMode.Off }, _ => null }),
        new("console_hosts", "NAMES", "host names under which browsers may ask for the console, beside localhost and IP addresses: NAME, NAME (default: none)", (o, t) => HostNames(t) is { } h ? o with { ConsoleHosts = h } : null),
        new("pagerduty_base_url", "URL", "allows this address (also http) for integrations in place of PagerDuty's, and makes it their default", (o, t) => BaseUrl(t) is { } u ? o with { PagerDutyBaseUrl = u } : null),
        new("pagerduty_private_addresses", "true|false", "a host name in pagerduty_base_url may lead to a private, loopback or link-local address (default: false)", (o, t) => bool.TryParse(t, out var b) ? o with { PagerDutyPrivateAddresses = b } : null),
        new("default_organization", "ID", "the organization of calls that name none (default: default)", (o, t) => t.Length is > 0 and <= 63 ? o with { DefaultOrganization = t } : null),
        Span("max_staleness", "new connections need facts younger than this (default: 60s)", 5, 86_400, (o, s) => o with { MaxStaleness = s }),
        Span("session_max_staleness", "running sessions are kept on facts up to this age (default: 15m)", 5, 604_800, (o, s) => o with { SessionMaxStaleness = s }),
        Span("mapping_max_staleness", "bound for which escalation policy a service uses (default: 30m)", 60, 604_800, (o, s) => o with { MappingMaxStaleness = s }),
        Span("session_lease", "a session whose connector has not been heard of for this long is revoked (default: 24h)", 60, 2_592_000, (o, s) => o with { SessionLease = s }),
        Span("expiring_warning", "how long before a known end session_expiring is sent, 0 for never (default: 5m)", 0, 86_400, (o, s) => o with { ExpiringWarning = s }),
        new("require_watcher", "true|false", "allow a session only while its connector watches (default: false)", (o, t) => bool.TryParse(t, out var b) ? o with { RequireWatcher = b } : null),
        new("rate_share", "0..1", "the share of a key's PagerDuty rate limit that the sidecar allows itself (default: 0.5)", (o, t) => double.TryParse(t, CultureInfo.InvariantCulture, out var d) && d is > 0 and <= 1 ? o with { RateShare = d } : null),
        Span("incidents_interval", "target time between refreshes of incidents (default: 5s)", 1, 3_600, (o, s) => o with { IncidentsInterval = s }),
        Span("on_call_interval", "target time between refreshes of on-call shifts (default: 30s)", 1, 3_600, (o, s) => o with { OnCallInterval = s }),
        Span("services_interval", "target time between refreshes of services (default: 10m)", 1, 86_400, (o, s) => o with { ServicesInterval = s }),
        Span("on_call_horizon", "how far ahead on-call shifts are read (default: 12h)", 60, 7_776_000, (o, s) => o with { OnCallHorizon = s }),
        new("storage", "WHERE", "where integrations and policies are: sqlite (in the data directory) or etcd (shared by a fleet) (default: sqlite)", (o, t) => t switch { "sqlite" => o with { Storage = StorageKind.Sqlite }, "etcd" => o with { Storage = StorageKind.Etcd }, _ => null }),
        new("etcd_endpoints", "URLS", "members of the etcd cluster, separated by commas: https://HOST:PORT; http:// on loopback only", (o, t) => EtcdOptions.ReadEndpoints(t) is { } e ? o with { Etcd = o.Etcd with { Endpoints = e } } : null),
        new("etcd_prefix", "PREFIX", "what every key of the fleet begins with; begins and ends with / (default: /pdsidecar/)", (o, t) => EtcdOptions.IsPrefix(t) ? o with { Etcd = o.Etcd with { Prefix = t } } : null),
        new("etcd_tls_ca", "FILE", "PEM certificates of the authorities of etcd's certificates (default: those that the system trusts)", (o, t) => o with { Etcd = o.Etcd with { TlsCa = t } }),
        new("etcd_tls_cert", "FILE", "PEM certificate chain that is shown to etcd, read again for every connection", (o, t) => o with { Etcd = o.Etcd with { TlsCert = t } }),
        new("etcd_tls_key", "FILE", "PEM private key of that certificate", (o, t) => o with { Etcd = o.Etcd with { TlsKey = t } }),
        new("etcd_user", "NAME", "user of etcd's authentication (default: none)", (o, t) => o with { Etcd = o.Etcd with { User = t } }),
        new("etcd_password_file", "FILE", "file of that user's password", (o, t) => o with { Etcd = o.Etcd with { PasswordFile = t } }),
        new("fleet_name", "NAME", "this sidecar's name in the fleet, as status shows it, with storage etcd (default: the machine's)", (o, t) => t.Length is > 0 and <= 63 && !t.Any(char.IsControl) ? o with { FleetName = t } : null),
        Span("fleet_lease", "how long a sidecar that is not heard of stays a poller, in whole seconds, with storage etcd (default: 10s)", 3, 60, (o, s) => o with { FleetLease = TimeSpan.FromSeconds(Math.Ceiling(s.TotalSeconds)) }),
        new("encryption_key_file", "FILE", "keys that secrets are encrypted under, created 0600 when absent (default: DIR/encryption.key)", (o, t) => o with { EncryptionKeyFile = t }),
        new("grpc_tls_cert", "FILE", "PEM certificate chain of the gRPC listener, read again when it changes", (o, t) => o with { GrpcTlsCert = t }),
        new("grpc_tls_key", "FILE", "PEM private key of that certificate", (o, t) => o with { GrpcTlsKey = t }),
        new("grpc_client_ca", "FILE", "PEM certificates of the authorities whose client certificates are accepted (default: none is asked for)", (o, t) => o with { GrpcClientCa = t }),
        new("grpc_client_callers", "RULES", "roles of client certificates: NAME=ROLE+ROLE:CONNECTOR, ..., where NAME is uri:..., dns:... or cn:...", (o, t) => ClientCallers(t) is { } r ? o with { GrpcClientCallers = r } : null),
        new("http_tls_cert", "FILE", "PEM certificate chain of the HTTP listener, read again when it changes", (o, t) => o with { HttpTlsCert = t }),
        new("http_tls_key", "FILE", "PEM private key of that certificate", (o, t) => o with { HttpTlsKey = t }),
        new("tls_certificate", "FILE", "PEM certificate chain for both listeners beyond loopback, where they have none of their own", (o, t) => o with { TlsCertificate = t }),
        new("tls_key", "FILE", "PEM private key of the certificate", (o, t) => o with { TlsKey = t }),
        new("decision_log", "TARGETS", "where decisions, revocations and changes are recorded: file, stdout, both (file,stdout) or off (default: file)", (o, t) => Targets(t) is { } d ? o with { DecisionLog = d } : null),
        new("decision_log_file", "FILE", "file of the decision log, created 0600 (default: DIR/decisions.jsonl)", (o, t) => o with { DecisionLogFile = t }),
        new("decision_log_size", "SIZE", "how large the file gets before it is rotated, from 1MiB to 1TiB (default: 64MiB)", (o, t) => TryReadSize(t, out var s) && s is >= 1L << 20 and <= 1L << 40 ? o with { DecisionLogSize = s } : null),
        new("decision_log_files", "COUNT", "how many files are kept, the current one included, from 1 to 1000 (default: 4)", (o, t) => int.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= 1000 ? o with { DecisionLogFiles = n } : null),
        new("decision_log_when_full", "WHAT", "block (callers wait) or drop-and-count (a gap record says how many are missing), when the log cannot keep up (default: block)", (o, t) => t switch { "block" => o with { DecisionLogWhenFull = DecisionLogWhenFull.Block }, "drop-and-count" => o with { DecisionLogWhenFull = DecisionLogWhenFull.DropAndCount }, _ => null }),
        new("decision_log_filter", "WHICH", "all or denies; revocations and changes are always recorded (default: all)", (o, t) => t switch { "all" => o with { DecisionLogFilter = DecisionLogFilter.All }, "denies" => o with { DecisionLogFilter = DecisionLogFilter.Denies }, _ => null }),
        Count("max_connections", "open connections of each listener (default: 2000)", 1, 1_000_000, (l, n) => l with { MaxConnections = n }),
        Count("max_streams_per_connection", "calls at a time over one connection (default: 256)", 1, 10_000, (l, n) => l with { MaxStreamsPerConnection = n }),
        Size("max_message_size", "size of one message but a subscription, from 64KiB to 64MiB (default: 4MiB)", 64 << 10, 64 << 20, (l, n) => l with { MaxMessageSize = n }),
        Size("max_subscription_size", "size of a WatchSessions request, from 64KiB to 1GiB (default: 64MiB)", 64 << 10, 1 << 30, (l, n) => l with { MaxSubscriptionSize = n }),
        Size("max_unfinished_messages", "size of all messages together that have come in part, from 1MiB to 1GiB (default: 256MiB)", 1 << 20, 1 << 30, (l, n) => l with { MaxUnfinishedMessages = n }),
        Size("max_header_size", "size of a request's headers, from 4KiB to 1MiB (default: 16KiB)", 4 << 10, 1 << 20, (l, n) => l with { MaxHeaderSize = n }),
        Count("max_sessions_per_connector", "open sessions of one connector (default: 200000)", 1, 10_000_000, (l, n) => l with { MaxSessionsPerConnector = n }),
        Count("max_sessions", "open sessions of all connectors together (default: 1000000)", 1, 100_000_000, (l, n) => l with { MaxSessions = n }),
        Count("max_connectors", "connectors that have watched, or have had a session, since the start (default: 10000)", 1, 1_000_000, (l, n) => l with { MaxConnectors = n }),
        Count("max_streams", "WatchSessions and EvaluateStream streams together (default: 20000)", 1, 1_000_000, (l, n) => l with { MaxStreams = n }),
        Count("max_watches_per_connector", "WatchSessions streams of one connector (default: 16)", 1, 10_000, (l, n) => l with { MaxWatchesPerConnector = n }),
        Count("max_evaluate_streams", "EvaluateStream streams of one token, certificate or connection (default: 64)", 1, 10_000, (l, n) => l with { MaxEvaluateStreams = n }),
        Count("max_webhooks", "webhook deliveries that are read at a time (default: 256)", 1, 10_000, (l, n) => l with { MaxWebhooks = n }),
        Span("keep_alive_interval", "a connection that is silent for this long is asked for a sign of life (default: 30s)", 1, 3_600, (o, s) => o with { Limits = o.Limits with { KeepAliveInterval = s } }),
        Span("keep_alive_timeout", "and closed when there is none within this (default: 20s)", 1, 3_600, (o, s) => o with { Limits = o.Limits with { KeepAliveTimeout = s } }),
        Size("min_data_rate", "bytes a second that a request or an answer must keep up after 5s, 0 for no bound (default: 240)", 0, 1 << 30, (l, n) => l with { MinDataRate = n }),
        .. OtlpKeys.All,
        new("log_level", "LEVEL", "trace, debug, information, warning, error or critical (default: information)", (o, t) => Enum.TryParse<LogLevel>(t, ignoreCase: true, out var l) && Enum.IsDefined(l) ? o with { LogLevel = l } : null),
        new("log_format", "FORMAT", "console or json (default: console)", (o, t) => t is "console" or "json" ? o with { LogFormat = t } : null),
    ];

    /// <summary>Reads "500ms", "60s", "15m", "24h", "7d", "0" or "00:15:00".</summary>
    public static bool TryReadSpan(string text, out TimeSpan span)
    {
        var digits = text.AsSpan().TrimEnd("abcdefghijklmnopqrstuvwxyz");
        var unit = text[digits.Length..];
        if (double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < 1e8)
        {
            double? seconds = unit switch
            {
                "ms" => number / 1000,
                "s" => number,
                "m" => number * 60,
                "h" => number * 3600,
                "d" => number * 86_400,
                "" when number == 0 => 0,
                _ => null,
            };

            // A TimeSpan reaches no further than 29,000 years.
            var isSpan = seconds <= TimeSpan.MaxValue.TotalSeconds / 2;
            span = isSpan ? TimeSpan.FromSeconds(seconds!.Value) : default;
            return isSpan;
        }

        return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out span);
    }

    /// <summary>Reads a number of bytes: "1048576", "512KiB", "64MiB", "2GiB" or "1TiB".</summary>
    public static bool TryReadSize(string text, out long bytes)
    {
        var digits = text.AsSpan().TrimEnd("KMGTiB");
        var shift = text[digits.Length..] switch { "" => 0, "KiB" => 10, "MiB" => 20, "GiB" => 30, "TiB" => 40, _ => -1 };
        bytes = 0;
        if (shift < 0 || digits.Length > 15 || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > long.MaxValue >> shift)
        {
            return false;
        }

        bytes = number << shift;
        return true;
    }

    private static string[]? HostNames(string text)
    {
        string[] names = [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(n => n.ToLowerInvariant())];
        return names.All(n => n.Length <= 253 && Uri.CheckHostName(n) == UriHostNameType.Dns) ? names : null;
    }

    private static UnixFileMode? SocketMode(string text) => text switch
    {
        "0600" or "600" => (UnixFileMode)0x180,
        "0660" or "660" => (UnixFileMode)0x1B0,
        "0666" or "666" => (UnixFileMode)0x1B6,
        _ => null,
    };

    private static CallerRules? ClientCallers(string text) =>
        CallerRules.TryRead(text, out var rules) && rules.Rules.All(r => r.Pattern.Split(':', 2) is ["uri" or "dns" or "cn", { Length: > 0 }]) ? rules : null;

    private static Roles? LoopbackRoles(string text)
    {
        var roles = Roles.None;
        foreach (var name in text == "none" ? [] : text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!RoleNames.TryRead(name, out var role) || role == Roles.Admin)
            {
                return null;
            }

            roles |= role;
        }

        return roles;
    }

    private static DecisionLogTargets? Targets(string text)
    {
        var targets = DecisionLogTargets.None;
        foreach (var name in text == "off" ? [] : text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (name is not ("file" or "stdout"))
            {
                return null;
            }

            targets |= name == "file" ? DecisionLogTargets.File : DecisionLogTargets.Stdout;
        }

        return targets;
    }

    private static OptionKey Span(string name, string description, int least, int most, Func<SidecarOptions, TimeSpan, SidecarOptions> put) => new(
        name, "TIME", description, (o, t) => TryReadSpan(t, out var span) && span.TotalSeconds >= least && span.TotalSeconds <= most ? put(o, span) : null)
    {
        Range = (Written(least), Written(most)),
    };

    private static OptionKey Count(string name, string description, int least, int most, Func<CallLimits, int, CallLimits> put) => new(
        name,
        "COUNT",
        description,
        (o, t) => int.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= least && n <= most ? o with { Limits = put(o.Limits, n) } : null)
    {
        Range = (least.ToString(CultureInfo.InvariantCulture), most.ToString(CultureInfo.InvariantCulture)),
    };

    private static OptionKey Size(string name, string description, int least, int most, Func<CallLimits, int, CallLimits> put) => new(
        name, "SIZE", description, (o, t) => TryReadSize(t, out var n) && n >= least && n <= most ? o with { Limits = put(o.Limits, (int)n) } : null)
    {
        Range = (WrittenSize(least), WrittenSize(most)),
    };

    private static string Written(int seconds) => seconds switch
    {
        0 => "0",
        _ when seconds % 86_400 == 0 => $"{seconds / 86_400}d",
        _ when seconds % 3_600 == 0 => $"{seconds / 3_600}h",
        _ when seconds % 60 == 0 => $"{seconds / 60}m",
        _ => $"{seconds}s",
    };

    private static string WrittenSize(int bytes) => bytes switch
    {
        0 => "0",
        _ when bytes % (1 << 30) == 0 => $"{bytes >> 30}GiB",
        _ when bytes % (1 << 20) == 0 => $"{bytes >> 20}MiB",
        _ when bytes % (1 << 10) == 0 => $"{bytes >> 10}KiB",
        _ => $"{bytes}",
    };

    private static Uri? BaseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme is "http" or "https") && url.UserInfo.Length == 0 && url.Query.Length == 0 ? url : null;
}
