using Border0.PdSidecar.Fleet;

namespace Border0.PdSidecar.Hosting;

/// <summary>A member of the fleet as long as the sidecar serves: from before it is ready until before it stops, so that others go on at once.</summary>
internal sealed class FleetMembership(FleetMember member) : IHostedService
{
    /// <summary>How long a start waits for what the fleet knows; without it, it starts on facts at rest.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public Task StartAsync(CancellationToken cancellationToken) => member.StartAsync(Patience, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => member.DisposeAsync().AsTask();
}
