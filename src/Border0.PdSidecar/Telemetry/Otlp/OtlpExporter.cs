using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Telemetry.Tracing;

namespace Border0.PdSidecar.Telemetry.Otlp;

/// <summary>
/// Sends spans as they end and metrics at an interval to an OpenTelemetry collector. It never holds anything up: what the collector does not
/// take in time is dropped and counted. There is none unless configuration names a collector.
/// </summary>
internal sealed partial class OtlpExporter : BackgroundService
{
    /// <summary>How many spans wait at most: a collector that is away must not cost memory without end.</summary>
    private const int MostWaiting = 4096;
    private const int MostTogether = 512;
    private const int MostAttempts = 5;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(3);

    private readonly OtlpOptions _options;
    private readonly MetricsCollector _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OtlpClient _client;
    private readonly OtlpMessages _ofTraces;
    private readonly OtlpMessages _ofMetrics;
    private readonly Meter _meter = new("Border0.PdSidecar");
    private readonly Counter<long> _lost;
    private readonly Channel<Activity> _spans;
    private readonly List<Activity> _batch = [];
    private string _trouble = "";

    public OtlpExporter(SidecarOptions options, MetricsCollector metrics, TimeProvider time, ILogger<OtlpExporter> logger, TraceSampling? sampling = null)
    {
        (_options, _metrics, _time, _logger) = (options.Otlp, metrics, time, logger);
        _client = new OtlpClient(_options, time);
        var (resource, started) = (OtlpResource.Of(_options), time.GetUtcNow());
        (_ofTraces, _ofMetrics) = (new OtlpMessages(resource, started), new OtlpMessages(resource, started));
        _lost = _meter.CreateCounter<long>("pdsidecar.otlp.lost", "{item}", "Spans, and readings of all metrics, that the OTLP collector did not take.");
        _spans = Channel.CreateBounded<Activity>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }, _ => Lost(OtlpSignal.Traces, 1));
        sampling?.Listen(Ended);
        Lost(OtlpSignal.Traces, 0);
        Lost(OtlpSignal.Metrics, 0);
    }

    /// <summary>A span has ended. Called from any thread, waits for nothing.</summary>
    public void Ended(Activity span) => _spans.Writer.TryWrite(span);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _client.Dispose();
        _meter.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var bound = new CancellationTokenSource(LastWord, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            _spans.Writer.TryComplete();
            List<Activity> rest = [.. _batch];
            while (_spans.Reader.TryRead(out var span))
            {
                rest.Add(span);
            }

            foreach (var batch in rest.Chunk(MostTogether))
            {
                await SendAsync(OtlpSignal.Traces, _ofTraces.Traces(batch), batch.Length, both.Token, mayRetry: false);
            }

            if (_options.Metrics)
            {
                await SendMetricsAsync(both.Token, mayRetry: false);
            }
        }
        catch (OperationCanceledException)
        {
            // The collector is away, and the process ends.
            return;
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        _options.Traces ? TracesAsync(stoppingToken) : Task.CompletedTask, _options.Metrics ? MetricsAsync(stoppingToken) : Task.CompletedTask);

    private async Task TracesAsync(CancellationToken stopping)
    {
        while (await _spans.Reader.WaitToReadAsync(stopping))
        {
            // What comes together goes together.
            await Task.Delay(_options.TracesDelay, _time, stopping);
            while (_spans.Reader.TryPeek(out _))
            {
                while (_batch.Count < MostTogether && _spans.Reader.TryRead(out var span))
                {
                    _batch.Add(span);
                }

                await SendAsync(OtlpSignal.Traces, _ofTraces.Traces(_batch), _batch.Count, stopping);
                _batch.Clear();
            }
        }
    }

    private async Task MetricsAsync(CancellationToken stopping)
    {
        using var ticks = new PeriodicTimer(_options.MetricsInterval, _time);
        while (await ticks.WaitForNextTickAsync(stopping))
        {
            await SendMetricsAsync(stopping);
        }
    }

    private Task SendMetricsAsync(CancellationToken cancellation, bool mayRetry = true) =>
        SendAsync(OtlpSignal.Metrics, _ofMetrics.Metrics(_metrics.Collect(), _time.GetUtcNow()), 1, cancellation, mayRetry);

    private async Task SendAsync(OtlpSignal signal, ReadOnlyMemory<byte> request, int items, CancellationToken cancellation, bool mayRetry = true)
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            var answer = await _client.SendAsync(signal, request, cancellation);
            Tell(answer);
            if (answer.IsTaken)
            {
                return;
            }

            if (!mayRetry || !answer.MayRetry || attempt == MostAttempts)
            {
                Lost(signal, items);
                return;
            }

            var wait = answer.After is { } asked && asked > pause ? asked : pause * (0.5 + Random.Shared.NextDouble());
            await Task.Delay(wait < LongestPause ? wait : LongestPause, _time, cancellation);
            pause *= 2;
        }
    }

    private void Lost(OtlpSignal signal, int items) => _lost.Add(items, new KeyValuePair<string, object?>("signal", signal.Name));

    /// <summary>Says it once: a collector that is away for a day is one line, and its return another.</summary>
    private void Tell(OtlpAnswer answer)
    {
        var before = Interlocked.Exchange(ref _trouble, answer.Why);
        if (answer.Why.Length > 0 && before.Length == 0)
        {
            OtlpExportFailed(_options.Endpoint!.Authority, answer.Why);
        }
        else if (answer.IsTaken && before.Length > 0)
        {
            OtlpExportRecovered(_options.Endpoint!.Authority);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The OTLP collector at {Endpoint} does not take what is sent: {Why}", EventName = "OtlpExportFailed")]
    private partial void OtlpExportFailed(string endpoint, string why);

    [LoggerMessage(LogLevel.Information, "The OTLP collector at {Endpoint} takes what is sent again", EventName = "OtlpExportRecovered")]
    private partial void OtlpExportRecovered(string endpoint);
}
