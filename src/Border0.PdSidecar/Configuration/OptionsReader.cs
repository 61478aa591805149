using System.Text.Json;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Access.Tls;

namespace Border0.PdSidecar.Configuration;

/// <summary>Reads the options: arguments over environment over file over defaults. Everything that is wrong is said at once.</summary>
public static class OptionsReader
{
    /// <summary>Reads and checks.</summary>
    /// <param name="file">The configuration file (JSON, one object of keys and values), or null.</param>
    /// <param name="environment">Looks a variable up.</param>
    /// <param name="arguments">The arguments by key.</param>
    /// <param name="problems">Gets a sentence for everything that is wrong; the options must not be used then.</param>
    public static SidecarOptions Read(
        string? file, Func<string, string?> environment, IReadOnlyDictionary<string, string> arguments, ICollection<string> problems)
    {
        var options = new SidecarOptions();
        var fromFile = file is null ? [] : ReadFile(file, problems);
        foreach (var key in OptionKeys.All)
        {
            var (text, source) = arguments.TryGetValue(key.Name, out var argument) ? (argument, $"argument {key.Argument}")
                : environment(key.Variable) is { } variable ? (variable, $"variable {key.Variable}")
                : fromFile.TryGetValue(key.Name, out var value) ? (value, $"file {file}")
                : (null, "");
            if (text is null)
            {
                continue;
            }

            // No path, address or name has a NUL, and the system's calls would throw at it.
            if (!text.Contains('\0') && key.Put(options, text) is { } put)
            {
                options = put;
            }
            else
            {
                problems.Add($"{key.Name}: \"{WithoutPassword(text)}\" ({source}) is not acceptable; {key.Description}");
            }
        }

        Check(options, problems);
        return options;
    }

    /// <summary>An address with its user and password left out.</summary>
    private static string WithoutPassword(string text) =>
        text.IndexOf("//", StringComparison.Ordinal) is var begin and >= 0 && text.LastIndexOf('@') is var end && end > begin ? string.Concat(text.AsSpan(0, begin + 2), "…", text.AsSpan(end)) : text;

    private static Dictionary<string, string> ReadFile(string file, ICollection<string> problems)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                problems.Add($"config: file {file} must hold one JSON object");
                return read;
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (OptionKeys.All.All(k => k.Name != property.Name))
                {
                    problems.Add($"{property.Name}: file {file} has a key that is not known; known: {string.Join(", ", OptionKeys.All.Select(k => k.Name))}");
                }
                else if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null)
                {
                    problems.Add($"{property.Name}: in file {file} must be a string, a number, true or false");
                }
                else if (!read.TryAdd(property.Name, property.Value.ToString().ToLowerInvariant() is "true" or "false" ? property.Value.ToString().ToLowerInvariant() : property.Value.ToString()))
                {
                    problems.Add($"{property.Name}: is in file {file} twice");
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            problems.Add($"config: file {file} cannot be read: {e.Message}");
        }

        return read;
    }

    private static void Check(SidecarOptions options, ICollection<string> problems)
    {
        if (options.SessionMaxStaleness < options.MaxStaleness)
        {
            problems.Add("session_max_staleness: must be at least max_staleness");
        }

        if (options.Otlp is { HeadersFile.Length: > 0 } otlp && otlp.Endpoint is not ({ Scheme: "https" } or { IsLoopback: true }))
        {
            problems.Add("otlp_headers_file: its headers may be secrets, and go to an otlp_endpoint with https or on loopback only");
        }

        CheckTls(options, problems);
        foreach (var problem in options.Storage == StorageKind.Etcd ? options.Etcd.Problems() : [])
        {
            problems.Add(problem);
        }

        if (options.DecisionLogFile.Length > 0 && Path.GetDirectoryName(Path.GetFullPath(options.DecisionLogFile)) is { } folder && !Directory.Exists(folder))
        {
            problems.Add($"decision_log_file: there is no directory {folder}");
        }

        if (options.GrpcSocketGroup.Length > 0 && AccountNames.FindGroup(options.GrpcSocketGroup) is null)
        {
            problems.Add($"grpc_socket_group: there is no group {options.GrpcSocketGroup}");
        }

        foreach (var rule in options.GrpcSocketCallers.Rules.Where(r => r.Pattern != "*" && AccountNames.FindUser(r.Pattern) is null))
        {
            problems.Add($"grpc_socket_callers: there is no user {rule.Pattern}");
        }

        if (options.GrpcSocketMode != new SidecarOptions().GrpcSocketMode && options.GrpcSocket.Length == 0)
        {
            problems.Add("grpc_socket_mode: others do not reach a socket in the data directory, which is this user's alone; give grpc_socket another place");
        }

        var socket = options.GrpcSocket.Length > 0 ? options.GrpcSocket : Path.Combine(options.Data, "pdsidecar.sock");
        if (System.Text.Encoding.UTF8.GetByteCount(Path.GetFullPath(socket)) > 107)
        {
            problems.Add($"grpc_socket: {socket} is longer than the 107 bytes that a Unix socket's path may have");
        }
    }

    private static void CheckTls(SidecarOptions options, ICollection<string> problems)
    {
        foreach (var (name, prefix, address, files) in (ReadOnlySpan<(string, string, ListenAddress, TlsFiles?)>)
            [("grpc_tcp", "grpc_tls", options.GrpcTcp, TlsFiles.OfGrpc(options)), ("http", "http_tls", options.Http, TlsFiles.OfHttp(options))])
        {
            if (!address.IsLoopback && files is null)
            {
                problems.Add($"{name}: {address} is not on loopback, where others could read and change what is sent: it needs TLS, {prefix}_cert and {prefix}_key (or tls_certificate and tls_key); or listen on 127.0.0.1");
            }
        }

        foreach (var (certificate, certificateFile, key, keyFile) in (ReadOnlySpan<(string, string, string, string)>)
            [
                ("grpc_tls_cert", options.GrpcTlsCert, "grpc_tls_key", options.GrpcTlsKey),
                ("http_tls_cert", options.HttpTlsCert, "http_tls_key", options.HttpTlsKey),
                ("tls_certificate", options.TlsCertificate, "tls_key", options.TlsKey),
            ])
        {
            if (certificateFile.Length > 0 != keyFile.Length > 0)
            {
                problems.Add($"{(certificateFile.Length > 0 ? key : certificate)}: is needed with {(certificateFile.Length > 0 ? certificate : key)}");
            }
        }

        foreach (var (name, path) in (ReadOnlySpan<(string, string)>)
            [
                ("grpc_tls_cert", options.GrpcTlsCert), ("grpc_tls_key", options.GrpcTlsKey), ("grpc_client_ca", options.GrpcClientCa),
                ("http_tls_cert", options.HttpTlsCert), ("http_tls_key", options.HttpTlsKey), ("tls_certificate", options.TlsCertificate), ("tls_key", options.TlsKey),
            ])
        {
            if (path.Length > 0 && !File.Exists(path))
            {
                problems.Add($"{name}: there is no file {path}");
            }
        }

        if (options.GrpcClientCa.Length > 0 && TlsFiles.OfGrpc(options) is null)
        {
            problems.Add("grpc_client_ca: client certificates need TLS: grpc_tls_cert and grpc_tls_key");
        }

        if (options.GrpcClientCallers.Rules.Count > 0 != options.GrpcClientCa.Length > 0)
        {
            problems.Add("grpc_client_callers and grpc_client_ca: each needs the other: whose certificates are accepted, and which roles they have");
        }
    }
}
