using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.PagerDuty.Webhooks;

/// <summary>Counts one integration's deliveries. Safe from any thread.</summary>
internal sealed class WebhookLog
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

    public void Refused(DateTimeOffset at, string why)
    {
        lock (_lock)
        {
            _status.Refused++;
            _status.LastRefusal = why;
            _status.LastRefusedTime = Timestamp.FromDateTimeOffset(at);
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
