namespace Border0.PdSidecar.Access.Tls;

/// <summary>Looks at the certificate files every second.</summary>
internal sealed class CertificateWatch(ListenerTls tls) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IReloaded[] all = [.. tls.All];
        if (all.Length == 0)
        {
            return;
        }

        // By the machine's clock, whatever clock the product goes by: files change in its time.
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var one in all)
                {
                    one.Look();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops.
            return;
        }
    }
}
