using System.Runtime.CompilerServices;

namespace Border0.PdSidecar.Hosting.Memory;

/// <summary>
/// Gives memory back once it is quiet: what a start or a rush of sessions leaves behind stays resident until the collector has a reason to
/// look, and an idle sidecar never gives it one. Looks once a second, which takes microseconds.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="allocated">All that was ever allocated, in bytes.</param>
/// <param name="giveBack">Gives back what can be, and says how many bytes are in use then. Stops every thread for some tens of milliseconds.</param>
internal sealed class MemoryReturn(TimeProvider time, Func<long> allocated, Func<long> giveBack) : IHostedService, IDisposable
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Less than this in an interval is quiet: some tens of calls.</summary>
    public const long Quiet = 128 << 10;

    /// <summary>What has to be allocated since the last time for it to be worth it, at least; and as much as there is to look through.</summary>
    public const long Worthwhile = 8 << 20;

    private ITimer? _timer;
    private long _before;
    private long _returned;
    private long _worthwhile = Worthwhile;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _before = _returned = allocated();
        _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    /// <summary>
    /// What nobody refers to goes back to the system, with the room between what is left; and of the native binary, the pages of the program
    /// itself that are not needed now.
    /// </summary>
    /// <returns>How many bytes are in use.</returns>
    public static long GiveBack()
    {
        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            ProgramPages.GiveBack();
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: false);
    }

    private void Look()
    {
        var now = allocated();
        var isQuiet = now - _before < Quiet;
        _before = now;
        if (isQuiet && now - _returned >= _worthwhile)
        {
            _worthwhile = Math.Max(Worthwhile, giveBack());
            _before = _returned = allocated();
        }
    }
}
