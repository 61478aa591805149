using System.Text.Json;

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

            if (key.Put(options, text) is { } put)
            {
                options = put;
            }
            else
            {
                problems.Add($"{key.Name}: \"{text}\" ({source}) is not acceptable; {key.Description}");
            }
        }

        Check(options, problems);
        return options;
    }

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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
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

        foreach (var (name, address) in (ReadOnlySpan<(string, ListenAddress)>)[("grpc_tcp", options.GrpcTcp), ("http", options.Http)])
        {
            if (!address.IsLoopback && (options.TlsCertificate.Length == 0 || options.TlsKey.Length == 0))
            {
                problems.Add($"{name}: {address} is not on loopback, which needs tls_certificate and tls_key");
            }
        }

        foreach (var (name, path) in (ReadOnlySpan<(string, string)>)[("tls_certificate", options.TlsCertificate), ("tls_key", options.TlsKey)])
        {
            if (path.Length > 0 && !File.Exists(path))
            {
                problems.Add($"{name}: there is no file {path}");
            }
        }

        if (options.DecisionLogFile.Length > 0 && Path.GetDirectoryName(Path.GetFullPath(options.DecisionLogFile)) is { } folder && !Directory.Exists(folder))
        {
            problems.Add($"decision_log_file: there is no directory {folder}");
        }

        var socket = options.GrpcSocket.Length > 0 ? options.GrpcSocket : Path.Combine(options.Data, "pdsidecar.sock");
        if (System.Text.Encoding.UTF8.GetByteCount(Path.GetFullPath(socket)) > 107)
        {
            problems.Add($"grpc_socket: {socket} is longer than the 107 bytes that a Unix socket's path may have");
        }
    }
}
