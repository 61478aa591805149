using Border0.PdSidecar.Administration;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.ActivityFeed;

/// <summary>Puts what happens on record first, and shows it to those who look then.</summary>
internal sealed class RecordedActivity(DecisionRecorder recorder, ActivityTap tap) : IRevocationObserver, IConfigurationObserver
{
    /// <inheritdoc/>
    public void Revoked(in AccessRequest request, string connectorId, SessionRevoked revoked, long revision)
    {
        recorder.Revoked(request, connectorId, revoked, revision);
        if (tap.IsWatched)
        {
            tap.Revoked(request, connectorId, revoked, revision);
        }
    }

    /// <inheritdoc/>
    public void Changed(ConfigurationChange change)
    {
        recorder.Changed(change);
        if (tap.IsWatched)
        {
            tap.Changed(change);
        }
    }
}
