namespace Border0.PdSidecar.Administration;

/// <summary>Follows a shared store as long as the sidecar runs.</summary>
internal sealed partial class ConfigurationFollower(ConfigurationState state, TimeProvider time, ILogger<ConfigurationFollower> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await state.FollowAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is: a sidecar that hears of no change any more must not go on as if nothing had happened.
                ConfigurationFeedFailed(logger, e);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Changes of the configuration could not be put in force; they are read once more", EventName = "ConfigurationFeedFailed")]
    private static partial void ConfigurationFeedFailed(ILogger logger, Exception e);
}
