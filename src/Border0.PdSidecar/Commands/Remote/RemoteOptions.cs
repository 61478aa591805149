using System.CommandLine;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;

namespace Border0.PdSidecar.Commands.Remote;

/// <summary>The one way in which commands are told where the sidecar is, and who calls.</summary>
internal sealed class RemoteOptions
{
    /// <summary>The environment variable of the address.</summary>
    public const string AddressVariable = "PDSIDECAR_ADDRESS";

    /// <summary>The environment variable of the token.</summary>
    public const string TokenVariable = "PDSIDECAR_TOKEN";

    private static readonly TimeSpan LongestTimeout = TimeSpan.FromHours(1);

    private readonly Option<string?> _address = new("--address")
    {
        Description = $"the sidecar: unix:///PATH, https://HOST:PORT, or HOST:PORT on this machine (default: ${AddressVariable}, else where serve listens by default: its Unix socket)",
        HelpName = "ADDRESS",
    };

    private readonly Option<string?> _tokenFile = new("--token-file") { Description = $"file that holds an access token (default: the token in ${TokenVariable}, else none)", HelpName = "FILE" };
    private readonly Option<string?> _refusedToken = Refused("--token");
    private readonly Option<string?> _caFile = new("--ca-file") { Description = "PEM file of the authorities that the sidecar's certificate may be of (default: the system's)", HelpName = "FILE" };
    private readonly Option<string?> _clientCertificate = new("--client-cert") { Description = "PEM file of a client certificate, for https", HelpName = "FILE" };
    private readonly Option<string?> _clientKey = new("--client-key") { Description = "PEM file of its private key", HelpName = "FILE" };
    private readonly Option<string> _timeout = new("--timeout") { Description = "how long to wait for an answer: 500ms, 10s, 2m", HelpName = "TIME", DefaultValueFactory = static _ => "30s" };
    private readonly Option<string?> _organization = new("--organization") { Description = "the organization (default: the sidecar's)", HelpName = "ID" };
    private readonly Option<bool> _json = new("--json") { Description = "write the answer as JSON, for scripts" };

    /// <summary>Gives a command these options.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_json, _organization, _address, _tokenFile, _refusedToken, _caFile, _clientCertificate, _clientKey, _timeout])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>An option that is there to say that it must not be: arguments are seen by every user of the machine, and kept in histories.</summary>
    public static Option<string?> Refused(string name)
    {
        var option = new Option<string?>(name) { Hidden = true, Arity = ArgumentArity.ZeroOrOne };
        option.Validators.Add(result => result.AddError(
            $"{name} is refused: arguments are seen by every user of this machine and kept by the shell. Use {name}-file FILE{(name == "--token" ? $" or the environment variable {TokenVariable}" : $", or {name}-file - for standard input")}."));
        return option;
    }

    /// <summary>Whether the answer is for a script.</summary>
    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>The organization, or empty.</summary>
    public string Organization(ParseResult parsed) => parsed.GetValue(_organization) ?? "";

    /// <summary>How long to wait for an answer.</summary>
    public TimeSpan Timeout(ParseResult parsed) =>
        OptionKeys.TryReadSpan(parsed.GetValue(_timeout)!, out var span) && span >= TimeSpan.FromMilliseconds(1) && span <= LongestTimeout
            ? span
            : throw CommandException.Wrong($"--timeout: \"{parsed.GetValue(_timeout)}\" is no time from 1ms to 1h, like 500ms, 10s or 2m");

    /// <summary>A connection, which is made when it is first used.</summary>
    public SidecarConnection Connect(ParseResult parsed, Terminal terminal)
    {
        var tokenFile = parsed.GetValue(_tokenFile) ?? "";
        var credentials = new SidecarCredentials
        {
            Token = tokenFile.Length == 0 ? terminal.Variable(TokenVariable)?.Trim() ?? "" : "",
            TokenFile = tokenFile,
            ServerCaFile = parsed.GetValue(_caFile) ?? "",
            CertificateFile = parsed.GetValue(_clientCertificate) ?? "",
            KeyFile = parsed.GetValue(_clientKey) ?? "",
        };
        foreach (var (option, file) in (ReadOnlySpan<(string, string)>)
            [("--token-file", credentials.TokenFile), ("--ca-file", credentials.ServerCaFile), ("--client-cert", credentials.CertificateFile), ("--client-key", credentials.KeyFile)])
        {
            if (file.Length > 0 && !File.Exists(file))
            {
                throw CommandException.Wrong($"{option}: there is no file {file}");
            }
        }

        if (credentials.CertificateFile.Length > 0 != credentials.KeyFile.Length > 0)
        {
            throw CommandException.Wrong($"{(credentials.KeyFile.Length > 0 ? "--client-cert" : "--client-key")}: is needed with {(credentials.KeyFile.Length > 0 ? "--client-key" : "--client-cert")}");
        }

        var given = parsed.GetValue(_address);
        var named = given is { Length: > 0 } ? "--address" : AddressVariable;
        try
        {
            return SidecarConnection.To(given is { Length: > 0 } ? given : terminal.Variable(AddressVariable) is { Length: > 0 } variable ? variable : Usual(terminal), credentials);
        }
        catch (ArgumentException e)
        {
            throw CommandException.Wrong($"{named}: {e.Message}");
        }
    }

    /// <summary>Where `serve` listens when it is told nothing: what a running one says in its data directory, else the socket's usual place there.</summary>
    private static string Usual(Terminal terminal)
    {
        var data = terminal.Variable("PDSIDECAR_DATA") is { Length: > 0 } directory ? directory : new SidecarOptions().Data;
        return "unix:" + (Endpoints.Read(Path.Combine(data, "endpoints.json"))?.GrpcSocket
            ?? (terminal.Variable("PDSIDECAR_GRPC_SOCKET") is { Length: > 0 } socket ? socket : Path.Combine(data, "pdsidecar.sock")));
    }
}
