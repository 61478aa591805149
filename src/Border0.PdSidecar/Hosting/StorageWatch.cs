using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Sqlite;

namespace Border0.PdSidecar.Hosting;

/// <summary>
/// Looks every second whether everything that is to be written is written, and tells the health of it. What is idle is tried by writing to
/// it now and then, so that a full disk is known before an administrator's change fails on it, and that it is over without one.
/// </summary>
internal sealed partial class StorageWatch : BackgroundService
{
    private const int TicksBetweenTries = 10;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly IConfigurationStore _configuration;
    private readonly SqliteSessionJournal _sessions;
    private readonly SqliteBlobs _facts;
    private readonly DecisionRecorder _decisions;
    private readonly Readiness _readiness;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Meter _meter = new("Border0.PdSidecar");

    public StorageWatch(
        IConfigurationStore configuration,
        SqliteSessionJournal sessions,
        SqliteBlobs facts,
        DecisionRecorder decisions,
        Readiness readiness,
        TimeProvider time,
        ILogger<StorageWatch> logger)
    {
        (_configuration, _sessions, _facts, _decisions, _readiness, _time, _logger) = (configuration, sessions, facts, decisions, readiness, time, logger);
        _meter.CreateObservableGauge("pdsidecar.storage.troubles", () => _readiness.Troubles.Length, "{part}", "Parts of the storage that cannot be written at present.");
        _meter.CreateObservableGauge("pdsidecar.sessions.unwritten", () => _sessions.Unwritten, "{entry}", "Changes of sessions and events that wait for the disk.");
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick, _time);
        for (var tick = 1; await NextAsync(timer, stoppingToken); tick++)
        {
            if (_configuration.Trouble is not null || tick % TicksBetweenTries == 0)
            {
                await TryAsync(stoppingToken);
            }

            Tell();
        }
    }

    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken cancellation)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task TryAsync(CancellationToken cancellation)
    {
        try
        {
            if (await _configuration.RefreshKeysAsync(cancellation) is { } key)
            {
                EncryptionKeyChanged(key);
            }

            await _configuration.ProbeAsync(cancellation);
        }
        catch (Exception e) when (e is StorageUnavailableException or OperationCanceledException)
        {
            // The store says itself what its trouble is.
            return;
        }
    }

    private void Tell()
    {
        var before = _readiness.Troubles;
        ImmutableArray<StorageTrouble> now =
        [
            .. from part in ((string Name, string? Trouble)[])
                [
                    (StorageTrouble.Configuration, _configuration.Trouble), ("sessions", _sessions.Trouble), ("facts", _facts.Trouble), ("decision_log", _decisions.Trouble),
                ]
               where part.Trouble is not null
               select new StorageTrouble(part.Name, part.Trouble!),
        ];
        if (now.SequenceEqual(before))
        {
            return;
        }

        _readiness.Set(now);
        foreach (var trouble in now.Where(t => before.All(b => b.Part != t.Part)))
        {
            StorageFails(trouble.Part, trouble.Message, trouble.Consequence);
        }

        foreach (var trouble in before.Where(b => now.All(t => t.Part != b.Part)))
        {
            StorageWorksAgain(trouble.Part);
        }
    }

    [LoggerMessage(LogLevel.Error, "Not written: {Part}: {Trouble} ({Consequence})", EventName = "StorageFails")]
    private partial void StorageFails(string part, string trouble, string consequence);

    [LoggerMessage(LogLevel.Information, "Written again: {Part}", EventName = "StorageWorksAgain")]
    private partial void StorageWorksAgain(string part);

    [LoggerMessage(LogLevel.Information, "Secrets are encrypted under the new key {Key} from now on", EventName = "EncryptionKeyChanged")]
    private partial void EncryptionKeyChanged(string key);
}
