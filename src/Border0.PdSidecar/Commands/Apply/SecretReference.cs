using System.Text.Json;
using Border0.PdSidecar.Commands.Terminals;

namespace Border0.PdSidecar.Commands.Apply;

/// <summary>Where a secret is that no file of configuration may hold: in a file of its own, or in an environment variable.</summary>
/// <param name="Place">Where, for people: "file keys/acme".</param>
/// <param name="Value">The secret.</param>
internal sealed record SecretReference(string Place, string Value)
{
    /// <summary>Reads {"file": "…"} or {"env": "…"}, and the secret there.</summary>
    /// <param name="terminal">The environment.</param>
    /// <param name="json">The reference.</param>
    /// <param name="field">What it is the value of, for errors.</param>
    /// <param name="folder">The folder that paths start from: that of the file with the reference.</param>
    /// <exception cref="CommandException">It is no such reference, or there is no secret there.</exception>
    public static SecretReference Read(Terminal terminal, JsonElement json, string field, string folder)
    {
        if (json.ValueKind != JsonValueKind.Object || json.EnumerateObject().ToList() is not [{ Name: "file" or "env", Value.ValueKind: JsonValueKind.String } given]
            || given.Value.GetString() is not { Length: > 0 } where)
        {
            throw CommandException.Wrong($"{field}: must be {{\"file\": \"PATH\"}} or {{\"env\": \"VARIABLE\"}}");
        }

        if (given.Name == "file")
        {
            return new SecretReference($"file {where}", SecretInput.Read(terminal, field, Path.Combine(folder, where), ""));
        }

        return terminal.Variable(where)?.Trim() is { Length: > 0 } value
            ? new SecretReference($"environment variable {where}", value)
            : throw CommandException.Wrong($"{field}: the environment variable {where} is not set");
    }

    // Records print what they hold.
    public override string ToString() => Place;
}
