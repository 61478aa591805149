using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Feeds;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.PagerDuty.Archive;

/// <summary>
/// Saves one integration's facts behind the refreshes, at most every so often. A failing archive costs the warm start,
/// nothing else.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle nobody asks for holds nothing to free.")]
internal sealed partial class FactsArchiver(
    IntegrationKey key,
    FactsPublisher publisher,
    IFactsArchive archive,
    PagerDutyFeedOptions options,
    TimeProvider time,
    ILogger logger)
{
    private readonly SemaphoreSlim _touched = new(0);
    private readonly SemaphoreSlim _writing = new(1);

    /// <summary>Says that there is something to save.</summary>
    public void Touch()
    {
        if (_touched.CurrentCount == 0)
        {
            _touched.Release();
        }
    }

    /// <summary>Puts what was kept into the facts, with its true age.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        try
        {
            if (await archive.LoadAsync(key, cancellation) is { } bytes)
            {
                if (FactsSerializer.Read(bytes) is { } kept)
                {
                    publisher.Restore(kept);
                }
                else
                {
                    FactsUnreadable(logger, key);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            ArchiveFailed(logger, key, e);
        }
    }

    /// <summary>Saves until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _touched.WaitAsync(cancellation);
            await SaveAsync(cancellation);
            await Task.Delay(options.ArchiveInterval, time, cancellation);
        }
    }

    /// <summary>Saves now.</summary>
    public Task SaveAsync(CancellationToken cancellation) =>
        WriteAsync(() => archive.SaveAsync(key, FactsSerializer.Write(publisher.Current), cancellation));

    /// <summary>Deletes what is kept.</summary>
    public Task DeleteAsync(CancellationToken cancellation) => WriteAsync(() => archive.DeleteAsync(key, cancellation));

    private async Task WriteAsync(Func<Task> write)
    {
        await _writing.WaitAsync(CancellationToken.None);
        try
        {
            await write();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            ArchiveFailed(logger, key, e);
        }
        finally
        {
            _writing.Release();
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, EventName = "ArchiveFailed", Message = "{Integration}: facts at rest could not be read or written")]
    private static partial void ArchiveFailed(ILogger logger, IntegrationKey integration, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning, EventName = "FactsUnreadable", Message = "{Integration}: facts at rest are damaged or of another version; starting without them")]
    private static partial void FactsUnreadable(ILogger logger, IntegrationKey integration);
}
