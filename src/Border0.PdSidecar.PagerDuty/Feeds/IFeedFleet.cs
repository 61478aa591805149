using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Rest;

namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>
/// The other sidecars, one of which asks PagerDuty for an integration in place of this one. What it finds is put into this one's facts
/// as if it had been polled here.
/// </summary>
internal interface IFeedFleet
{
    /// <summary>Has whoever polls refresh everything of an integration; done when the facts are here.</summary>
    Task<SyncOutcome> SyncAsync(IntegrationKey integration, CancellationToken cancellation);

    /// <summary>Has whoever polls fetch a service that is not known here; done when the facts are here.</summary>
    Task<PagerDutyOutcome> FetchAsync(IntegrationKey integration, string serviceId, CancellationToken cancellation);
}
