using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.PagerDuty.Webhooks;

/// <summary>Counts one integration's deliveries. Safe from any thread.</summary>
internal sealed class WebhookLog(DateTimeOffset begun)
{
    private readonly Lock _lock = new();
    private readonly WebhookStatus _status = new();

    public void Accepted(DateTimeOffset at)
    {
        lock (_lock)
        {
            _status.Accepted++;
            _status.LastAcceptedTime = Timestamp.FromDateTimeOffset(at);
        }
    }

    /// <summary>Another sidecar accepted one: the subscription is well.</summary>
    public void Passed(DateTimeOffset at)
    {
        lock (_lock)
        {
            _status.LastAcceptedTime = Timestamp.FromDateTimeOffset(at);
        }
    }

    public void Refused(DateTimeOffset at, string why)
    {
        lock (_lock)
        {
            _status.Refused++;
            _status.LastRefusal = why;
            _status.LastRefusedTime = Timestamp.FromDateTimeOffset(at);
        }
    }

    /// <summary>Time since the last accepted delivery, or since the beginning: PagerDuty switches a subscription off that failed.</summary>
    public TimeSpan Silence(DateTimeOffset now)
    {
        lock (_lock)
        {
            return now - (_status.LastAcceptedTime?.ToDateTimeOffset() ?? begun);
        }
    }

    public WebhookStatus Status
    {
        get
        {
            lock (_lock)
            {
                return _status.Clone();
            }
        }
    }
}
