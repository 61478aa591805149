using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Tokens;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar token`.</summary>
internal static partial class TokenCommand
{
    public static Command Create(Terminal terminal) => new(
        "token",
        """
        Access tokens: who sends one in the header "authorization: Bearer TOKEN" has its roles, on every listener. They are kept in the
        data directory, as hashes only; a running sidecar sees a change within a second.

        Example:
          pdsidecar token create --role admin --name alice
          pdsidecar token list
          pdsidecar token revoke alice
        """)
    {
        New(terminal),
        List(terminal),
        Revoke(terminal),
    };

    private static Command New(Terminal terminal)
    {
        var (data, json) = (Data(), Json());
        var roles = new Option<string[]>("--role") { Description = "admin, connector or viewer; may be given more than once", HelpName = "ROLE", Required = true };
        var name = new Option<string>("--name") { Description = "what to call it: letters, digits, '.', '_' and '-', at most 63", HelpName = "NAME", Required = true };
        var connector = new Option<string?>("--connector-id") { Description = "with role connector: the only connector id that it may use", HelpName = "ID" };
        var expiresIn = new Option<string?>("--expires-in") { Description = "how long it is accepted: 90d, 12h (default: until it is revoked)", HelpName = "TIME" };
        var command = new Command(
            "create",
            """
            Makes a token and prints it, this once: it cannot be shown again. Standard output is the token alone.

            Exit codes: 0 made, 1 not (the name is taken, or the data directory cannot be written), 2 the arguments are wrong.

            Example:
              pdsidecar token create --role connector --connector-id bastion-1 --name bastion-1 --expires-in 90d
              TOKEN=$(pdsidecar token create --data /var/lib/pdsidecar --role admin --name alice)
              grpcurl -plaintext -H "authorization: Bearer $TOKEN" 127.0.0.1:50551 border0.pdsidecar.v1.IntegrationService/ListIntegrations
            """) { data, roles, name, connector, expiresIn, json };
        command.SetAction((parsed, cancellation) => GuardedAsync(terminal, async () =>
        {
            var (named, connectorId) = (parsed.GetValue(name)!, parsed.GetValue(connector));
            var problems = new List<string>();
            var granted = Read(parsed.GetValue(roles)!, problems);
            Check(named, connectorId, granted, problems);
            var expires = Read(parsed.GetValue(expiresIn), problems);
            if (problems.Count > 0)
            {
                problems.ForEach(terminal.Complain);
                return ExitCodes.Wrong;
            }

            var made = await FileOf(terminal, parsed.GetValue(data)).CreateAsync(named, string.Join(' ', RoleNames.Of(granted)), connectorId, expires, Environment.UserName, cancellation);
            if (made is not { } token)
            {
                terminal.Complain($"there is a token {named} already: revoke it first, or choose another name");
                return ExitCodes.Failed;
            }

            terminal.Out.WriteLine(parsed.GetValue(json)
                ? JsonText.Of(j =>
                {
                    j.WriteString("token", token.Text);
                    Write(j, token.Record);
                })
                : token.Text);
            terminal.Error.WriteLine(
                $"token {named} ({token.Record.Id}) with {RoleNames.Said(granted)}{(connectorId is null ? "" : $" for connector {connectorId}")}, accepted until "
                + $"{(expires is { } at ? Said(at) : "it is revoked")}. It is shown this once.");
            if (granted.HasFlag(Roles.Connector) && connectorId is null)
            {
                terminal.Error.WriteLine("It may act for every connector: --connector-id binds it to one.");
            }

            return ExitCodes.Done;
        }));
        return command;
    }

    private static Command List(Terminal terminal)
    {
        var (data, json) = (Data(), Json());
        var command = new Command(
            "list",
            """
            Lists the tokens, and for 90 days those that are accepted no longer.

            Exit codes: 0 listed, 1 the file cannot be read.

            Example:
              pdsidecar token list --data /var/lib/pdsidecar
            """) { data, json };
        command.SetAction((parsed, _) => GuardedAsync(terminal, () =>
        {
            var now = terminal.Time.GetUtcNow();
            var tokens = FileOf(terminal, parsed.GetValue(data)).Read();
            if (parsed.GetValue(json))
            {
                terminal.Out.WriteLine(JsonText.Of(j =>
                {
                    j.WriteStartArray("tokens");
                    foreach (var token in tokens)
                    {
                        j.WriteStartObject();
                        Write(j, token);
                        j.WriteBoolean("accepted", token.IsAcceptedAt(now));
                        j.WriteEndObject();
                    }

                    j.WriteEndArray();
                }));
                return Task.FromResult(ExitCodes.Done);
            }

            var table = new TextTable("ID", "NAME", "ROLES", "CONNECTOR", "CREATED", "BY", "STATE");
            foreach (var t in tokens)
            {
                table.Add(
                    t.Id, t.Name, t.Roles.Replace(' ', ','), t.ConnectorId ?? "", Said(t.Created), t.CreatedBy,
                    t.Revoked is { } revoked ? new Cell($"revoked {Said(revoked)} by {t.RevokedBy}", Tone.Quiet)
                        : !t.IsAcceptedAt(now) ? new Cell($"expired {Said(t.Expires!.Value)}", Tone.Quiet)
                        : t.Expires is { } expires ? $"accepted until {Said(expires)}"
                        : "accepted");
            }

            table.Write(terminal);
            return Task.FromResult(ExitCodes.Done);
        }));
        return command;
    }

    private static Command Revoke(Terminal terminal)
    {
        var (data, json) = (Data(), Json());
        var which = new Argument<string>("ID|NAME") { Description = "the token's id or name" };
        var command = new Command(
            "revoke",
            """
            Revokes a token. A running sidecar refuses it, and ends what runs with it, within a second.

            Exit codes: 0 revoked, 1 not (there is none of that id or name that is accepted, or the file cannot be written).

            Example:
              pdsidecar token revoke bastion-1 --data /var/lib/pdsidecar
            """) { which, data, json };
        command.SetAction((parsed, cancellation) => GuardedAsync(terminal, async () =>
        {
            var named = parsed.GetValue(which)!;
            if (await FileOf(terminal, parsed.GetValue(data)).RevokeAsync(named, Environment.UserName, cancellation) is not { } revoked)
            {
                terminal.Complain($"no token that is accepted has the id or name {named}");
                return ExitCodes.Failed;
            }

            terminal.Out.WriteLine(parsed.GetValue(json) ? JsonText.Of(j => Write(j, revoked)) : $"token {revoked.Name} ({revoked.Id}) is revoked");
            return ExitCodes.Done;
        }));
        return command;
    }

    private static Option<string?> Data() => new("--data") { Description = "the data directory, whether a sidecar runs on it or not", HelpName = "DIR" };

    private static Option<bool> Json() => new("--json") { Description = "write the answer as JSON, for scripts" };

    private static void Write(Utf8JsonWriter json, TokenRecord token)
    {
        json.WriteString("id", token.Id);
        json.WriteString("name", token.Name);
        json.WriteStartArray("roles");
        foreach (var role in token.Roles.Split(' '))
        {
            json.WriteStringValue(role);
        }

        json.WriteEndArray();
        json.WriteString("connector_id", token.ConnectorId);
        json.WriteString("created", Stamp(token.Created));
        json.WriteString("created_by", token.CreatedBy);
        json.WriteString("expires", token.Expires is { } expires ? Stamp(expires) : null);
        json.WriteString("revoked", token.Revoked is { } revoked ? Stamp(revoked) : null);
        json.WriteString("revoked_by", token.RevokedBy);
    }

    private static string Stamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static TokenFile FileOf(Terminal terminal, string? data) => new(
        Path.GetFullPath(data ?? (terminal.Variable("PDSIDECAR_DATA") is { Length: > 0 } variable ? variable : new SidecarOptions().Data)), TimeProvider.System);

    private static Roles Read(string[] names, List<string> problems)
    {
        var granted = Roles.None;
        foreach (var name in names.SelectMany(n => n.Split(',')))
        {
            if (RoleNames.TryRead(name, out var role))
            {
                granted |= role;
            }
            else
            {
                problems.Add($"--role: \"{name}\" is none of admin, connector and viewer");
            }
        }

        return granted;
    }

    private static DateTimeOffset? Read(string? expiresIn, List<string> problems)
    {
        if (expiresIn is null)
        {
            return null;
        }

        if (OptionKeys.TryReadSpan(expiresIn, out var span) && span >= TimeSpan.FromSeconds(1) && span <= TimeSpan.FromDays(3650))
        {
            return TimeProvider.System.GetUtcNow() + span;
        }

        problems.Add($"--expires-in: \"{expiresIn}\" is no time from 1s to 3650d, like 90d or 12h");
        return null;
    }

    private static void Check(string name, string? connectorId, Roles roles, List<string> problems)
    {
        if (!Name().IsMatch(name))
        {
            problems.Add($"--name: \"{name}\" is not acceptable: letters, digits, '.', '_' and '-', a letter or digit first, at most 63");
        }

        if (connectorId is { Length: 0 or > 256 })
        {
            problems.Add("--connector-id: must have 1 to 256 characters");
        }

        if (connectorId is not null && roles != Roles.None && !roles.HasFlag(Roles.Connector))
        {
            problems.Add("--connector-id: only goes with --role connector");
        }
    }

    private static async Task<int> GuardedAsync(Terminal terminal, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (StorageUnusableException e)
        {
            terminal.Complain(e.Message);
            return ExitCodes.Failed;
        }
    }

    private static string Said(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}\z")]
    private static partial Regex Name();
}
