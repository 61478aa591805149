using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;
using Decision = Border0.PdSidecar.V1.Decision;

namespace Border0.PdSidecar.ActivityFeed;

/// <summary>
/// Where those who look at what happens are told of it. While nobody looks it costs one read of a field; while somebody does, nobody waits
/// for them. Called from any thread.
/// </summary>
internal sealed class ActivityTap(TimeProvider time)
{
    /// <summary>How many may watch at a time: each of them is asked on every decision's path.</summary>
    public const int MostWatches = 32;

    /// <summary>How many events wait for one watcher.</summary>
    public const int Capacity = 512;

    private readonly Lock _lock = new();
    private volatile ActivityWatch[] _watches = [];

    /// <summary>Whether anybody looks.</summary>
    public bool IsWatched => _watches.Length > 0;

    /// <summary>Begins to watch, until the watch is disposed of; null when too many do.</summary>
    public ActivityWatch? Watch(ActivityFilter filter)
    {
        lock (_lock)
        {
            if (_watches.Length == MostWatches)
            {
                return null;
            }

            var watch = new ActivityWatch(filter, Capacity, End, time);
            _watches = [.. _watches, watch];
            return watch;
        }
    }

    /// <summary>A connection was decided on.</summary>
    /// <param name="request">The request; what it says is copied.</param>
    /// <param name="organization">The organization that it is for.</param>
    /// <param name="answer">The answer.</param>
    public void Decided(EvaluateRequest request, string organization, EvaluationAnswer answer)
    {
        ActivityEvent? happened = null;
        foreach (var watch in _watches)
        {
            if (watch.Filter.Wants(organization, answer.IsAllow, request.UserEmail, request.ServiceAccount, request.SocketId))
            {
                watch.Tell(happened ??= Event(new WatchActivityResponse { Decision = Told(request, organization, answer) }, answer));
            }
        }
    }

    /// <summary>A session was revoked.</summary>
    public void Revoked(in AccessRequest request, string connectorId, SessionRevoked revoked, long revision)
    {
        ActivityEvent? happened = null;
        foreach (var watch in _watches)
        {
            if (watch.Filter.Wants(request.OrganizationId, revoked))
            {
                watch.Tell(happened ??= Event(new WatchActivityResponse
                {
                    Revocation = new ActivityRevocation
                    {
                        OrganizationId = request.OrganizationId,
                        ConnectorId = connectorId,
                        SocketType = request.SocketType,
                        ClientIp = request.ClientAddress?.ToString() ?? "",
                        SessionRevoked = revoked,
                        Revision = revision,
                    },
                }));
            }
        }
    }

    /// <summary>An administrator changed something. Of what it is, nothing but its name is told.</summary>
    public void Changed(ConfigurationChange change)
    {
        ActivityEvent? happened = null;
        foreach (var watch in _watches)
        {
            if (watch.Filter.Wants(change.OrganizationId, change.Type, change.Name))
            {
                watch.Tell(happened ??= Event(new WatchActivityResponse
                {
                    Change = new ActivityChange
                    {
                        Action = change.Action,
                        Type = change.Type,
                        OrganizationId = change.OrganizationId,
                        Name = change.Name,
                        Actor = change.Actor is not { } actor ? "" : actor.Name.Length > 0 ? actor.Name : actor.Caller,
                    },
                }));
            }
        }
    }

    private static ActivityDecision Told(EvaluateRequest request, string organization, EvaluationAnswer answer) => new()
    {
        Decision = answer.IsAllow ? Decision.Allow : Decision.Deny,
        OrganizationId = organization,
        ConnectorId = request.ConnectorId,
        SocketId = request.SocketId,
        SocketType = request.SocketType,
        UserEmail = request.UserEmail,
        ServiceAccount = request.ServiceAccount,
        ClientIp = request.ClientIp,
        ClientCountry = request.ClientCountry,
        SessionKey = request.SessionKey,
        RequestId = request.RequestId,
    };

    private ActivityEvent Event(WatchActivityResponse message, EvaluationAnswer? answer = null) => new(time.GetUtcNow().UtcTicks, message, answer);

    private void End(ActivityWatch watch)
    {
        lock (_lock)
        {
            _watches = [.. _watches.Where(w => w != watch)];
        }
    }
}
