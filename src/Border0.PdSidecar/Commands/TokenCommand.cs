using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Tokens;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar token`.</summary>
internal static partial class TokenCommand
{
    public static Command Create() => new(
        "token",
        """
        Access tokens: who sends one in the header "authorization: Bearer TOKEN" has its roles, on every listener. They are kept in the
        data directory, as hashes only; a running sidecar sees a change within a second.
        """)
    {
        New(),
        List(),
        Revoke(),
    };

    private static Command New()
    {
        var data = Data();
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
            """) { data, roles, name, connector, expiresIn };
        command.SetAction((parsed, cancellation) => GuardedAsync(async () =>
        {
            var (named, connectorId) = (parsed.GetValue(name)!, parsed.GetValue(connector));
            var problems = new List<string>();
            var granted = Read(parsed.GetValue(roles)!, problems);
            Check(named, connectorId, granted, problems);
            var expires = Read(parsed.GetValue(expiresIn), problems);
            if (problems.Count > 0)
            {
                problems.ForEach(p => Console.Error.WriteLine($"pdsidecar: {p}"));
                return 2;
            }

            var made = await FileOf(parsed.GetValue(data)).CreateAsync(named, string.Join(' ', RoleNames.Of(granted)), connectorId, expires, Environment.UserName, cancellation);
            if (made is not { } token)
            {
                await Console.Error.WriteLineAsync($"pdsidecar: there is a token {named} already: revoke it first, or choose another name");
                return 1;
            }

            await Console.Out.WriteLineAsync(token.Text);
            await Console.Error.WriteLineAsync(
                $"token {named} ({token.Record.Id}) with {RoleNames.Said(granted)}{(connectorId is null ? "" : $" for connector {connectorId}")}, accepted until "
                + $"{(expires is { } at ? Said(at) : "it is revoked")}. It is shown this once.");
            if (granted.HasFlag(Roles.Connector) && connectorId is null)
            {
                await Console.Error.WriteLineAsync("It may act for every connector: --connector-id binds it to one.");
            }

            return 0;
        }));
        return command;
    }

    private static Command List()
    {
        var data = Data();
        var command = new Command("list", "Lists the tokens, and for 90 days those that are accepted no longer. Exit codes: 0 listed, 1 the file cannot be read.") { data };
        command.SetAction((parsed, _) => GuardedAsync(async () =>
        {
            var now = TimeProvider.System.GetUtcNow();
            List<string[]> rows = [["ID", "NAME", "ROLES", "CONNECTOR", "CREATED", "BY", "STATE"]];
            rows.AddRange(FileOf(parsed.GetValue(data)).Read().Select(t => (string[])
            [
                t.Id, t.Name, t.Roles.Replace(' ', ','), t.ConnectorId ?? "-", Said(t.Created), t.CreatedBy,
                t.Revoked is { } revoked ? $"revoked {Said(revoked)} by {t.RevokedBy}"
                    : !t.IsAcceptedAt(now) ? $"expired {Said(t.Expires!.Value)}"
                    : t.Expires is { } expires ? $"accepted until {Said(expires)}"
                    : "accepted",
            ]));
            var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(r => r[column].Length)).ToList();
            foreach (var row in rows)
            {
                await Console.Out.WriteLineAsync(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
            }

            return 0;
        }));
        return command;
    }

    private static Command Revoke()
    {
        var data = Data();
        var which = new Argument<string>("ID|NAME") { Description = "the token's id or name" };
        var command = new Command(
            "revoke",
            """
            Revokes a token. A running sidecar refuses it, and ends what runs with it, within a second.

            Exit codes: 0 revoked, 1 not (there is none of that id or name that is accepted, or the file cannot be written).
            """) { which, data };
        command.SetAction((parsed, cancellation) => GuardedAsync(async () =>
        {
            var named = parsed.GetValue(which)!;
            if (await FileOf(parsed.GetValue(data)).RevokeAsync(named, Environment.UserName, cancellation) is not { } revoked)
            {
                await Console.Error.WriteLineAsync($"pdsidecar: no token that is accepted has the id or name {named}");
                return 1;
            }

            await Console.Out.WriteLineAsync($"token {revoked.Name} ({revoked.Id}) is revoked");
            return 0;
        }));
        return command;
    }

    private static Option<string?> Data() => new("--data") { Description = "the data directory, whether a sidecar runs on it or not", HelpName = "DIR" };

    private static TokenFile FileOf(string? data) => new(
        Path.GetFullPath(data ?? (Environment.GetEnvironmentVariable("PDSIDECAR_DATA") is { Length: > 0 } variable ? variable : new SidecarOptions().Data)), TimeProvider.System);

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

    private static async Task<int> GuardedAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (StorageUnusableException e)
        {
            await Console.Error.WriteLineAsync($"pdsidecar: {e.Message}");
            return 1;
        }
    }

    private static string Said(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}\z")]
    private static partial Regex Name();
}
