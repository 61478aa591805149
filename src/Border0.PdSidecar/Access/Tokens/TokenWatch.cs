using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Tokens;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Access.Tokens;

/// <summary>Keeps the table of tokens as the file and the clock say, and puts on record what changed in the file meanwhile.</summary>
/// <param name="file">The file.</param>
/// <param name="table">The table.</param>
/// <param name="time">The clock that tokens expire by.</param>
/// <param name="observer">Is told of tokens that were made or revoked.</param>
/// <param name="logger">Is told of the same, and of a file that cannot be read.</param>
internal sealed partial class TokenWatch(TokenFile file, TokenTable table, TimeProvider time, IConfigurationObserver observer, ILogger<TokenWatch> logger) : BackgroundService
{
    /// <summary>How often the file is looked at: what a revocation waits for at most.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(30);
    private (DateTime, long)? _seen;
    private ITimer? _expiry;

    /// <summary>Why the file's present content is not in force; null while it is.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Reads the file for the first time.</summary>
    /// <exception cref="StorageUnusableException">It cannot be read: a sidecar must not start without knowing whom it has turned out.</exception>
    public void Load()
    {
        _seen = file.Stamp();
        table.Replace(file.Read(), time.GetUtcNow());
        _expiry = time.CreateTimer(_ => ArmExpiry(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        ArmExpiry();
    }

    /// <summary>Takes the file's content where it has changed.</summary>
    public void Look()
    {
        var stamp = file.Stamp();
        if (stamp == _seen)
        {
            return;
        }

        try
        {
            var before = table.Tokens.ToDictionary(t => t.Record.Id, t => t.Record);
            table.Replace(file.Read(), time.GetUtcNow());
            _seen = stamp;
            Trouble = null;
            Tell(before);
            ArmExpiry();
        }
        catch (StorageUnusableException e)
        {
            // Those that are known go on being accepted, or one wrong edit would turn everybody out.
            if (Trouble != e.Message)
            {
                TokensNotRead(e.Message);
            }

            Trouble = e.Message;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _expiry?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // By the machine's clock, whatever clock the product goes by: files change in its time.
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops.
            return;
        }
    }

    private static ConfigurationChange Change(TokenRecord record, bool isNew, string by)
    {
        var shown = new Struct { Fields = { ["id"] = Value.ForString(record.Id), ["roles"] = Value.ForString(record.Roles) } };
        if (record.ConnectorId is { } connector)
        {
            shown.Fields["connector_id"] = Value.ForString(connector);
        }

        if (record.Expires is { } expires)
        {
            shown.Fields["expires"] = Value.ForString(expires.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
        }

        return new ConfigurationChange("token", "", record.Name, isNew ? null : shown, "", isNew ? shown : null, "")
        {
            Action = isNew ? "create" : "revoke",
            Actor = new Actor("command", by, "", null, "", ""),
        };
    }

    private void ArmExpiry()
    {
        var now = time.GetUtcNow();
        if (table.Expire(now) is { } next)
        {
            var wait = next - now;
            _expiry?.Change(wait < LongestTimer ? wait : LongestTimer, Timeout.InfiniteTimeSpan);
        }
    }

    private void Tell(Dictionary<string, TokenRecord> before)
    {
        foreach (var token in table.Tokens)
        {
            var record = token.Record;
            var known = before.Remove(record.Id, out var was);
            if (!known)
            {
                TokenCreated(record.Name, record.Id, record.Roles, record.CreatedBy);
                observer.Changed(Change(record, isNew: true, record.CreatedBy));
            }

            if (record.Revoked is not null && was?.Revoked is null)
            {
                TokenRevoked(record.Name, record.Id, record.RevokedBy);
                observer.Changed(Change(record, isNew: false, record.RevokedBy));
            }
        }

        foreach (var gone in before.Values.Where(g => g.IsAcceptedAt(time.GetUtcNow())))
        {
            TokenRevoked(gone.Name, gone.Id, "");
            observer.Changed(Change(gone, isNew: false, ""));
        }
    }

    [LoggerMessage(LogLevel.Information, "Token {Name} ({Id}) with roles {Roles} was made by {By}", EventName = "TokenCreated")]
    private partial void TokenCreated(string name, string id, string roles, string by);

    [LoggerMessage(LogLevel.Information, "Token {Name} ({Id}) was revoked by {By}", EventName = "TokenRevoked")]
    private partial void TokenRevoked(string name, string id, string by);

    [LoggerMessage(LogLevel.Error, "The tokens are as they were before, and a revocation since then is not in force: {Why}", EventName = "TokensNotRead")]
    private partial void TokensNotRead(string why);
}
