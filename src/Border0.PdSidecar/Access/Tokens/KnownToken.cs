using System.Globalization;
using Border0.PdSidecar.Storage.Tokens;

namespace Border0.PdSidecar.Access.Tokens;

/// <summary>A token of the file, and the caller that whoever sends it is.</summary>
internal sealed class KnownToken : IDisposable
{
    private readonly CallerEnd _end = new();

    public KnownToken(TokenRecord record)
    {
        Record = record;
        Hash = Convert.FromBase64String(record.Hash);
        var roles = record.Roles.Split(' ').Aggregate(Roles.None, (all, name) => RoleNames.TryRead(name, out var role) ? all | role : all);
        Caller = new Caller("token", $"token {record.Name} ({record.Id})", roles, record.ConnectorId, _end) { Name = record.Name, Id = record.Id };
    }

    /// <summary>What the file says of it.</summary>
    public TokenRecord Record { get; }

    /// <summary>The hash of its text.</summary>
    public byte[] Hash { get; }

    /// <summary>Whoever sends it.</summary>
    public Caller Caller { get; }

    /// <summary>Ends it where the file or the clock says so.</summary>
    public void EndWhereDue(DateTimeOffset now)
    {
        if (!Record.IsAcceptedAt(now))
        {
            _end.Come(Record.Revoked is { } revoked ? $"{Caller.Description} was revoked at {Said(revoked)}" : $"{Caller.Description} expired at {Said(Record.Expires!.Value)}");
        }
    }

    /// <summary>Ends it, since the file has it no longer or says something else of it now.</summary>
    /// <param name="why">What it says; null where it has it no longer.</param>
    public void End(string? why) => _end.Come(why ?? $"{Caller.Description} is not known any more");

    /// <inheritdoc/>
    public void Dispose() => _end.Dispose();

    private static string Said(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
