using System.Security.Cryptography;
using System.Text;

namespace Border0.PdSidecar.Proofs.Tests.Schedules;

/// <summary>
/// Webhooks under way: in order for one incident, as PagerDuty promises, in any order across incidents, at least once, sometimes
/// never (a subscription that was switched off).
/// </summary>
internal sealed class WebhookMail(string secret)
{
    private readonly Dictionary<string, Queue<Webhook>> _underWay = [];
    private readonly List<Webhook> _delivered = [];
    private int _events;

    /// <summary>How many have not been delivered yet.</summary>
    public int Waiting => _underWay.Values.Sum(q => q.Count);

    public void Send(string incident, string service, bool resolved, bool reopened, DateTimeOffset occurredAt)
    {
        var type = resolved ? "incident.resolved" : reopened ? "incident.reopened" : "incident.triggered";
        var body = Encoding.UTF8.GetBytes(
            $$$"""
            {"event":{"id":"E{{{++_events}}}","event_type":"{{{type}}}","resource_type":"incident","occurred_at":"{{{occurredAt.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}}}",
            "data":{"id":"{{{incident}}}","type":"incident","status":"{{{(resolved ? "resolved" : "triggered")}}}","service":{"id":"{{{service}}}","type":"service_reference"},"assignees":[]} } }
            """);
        var signature = "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));
        if (!_underWay.TryGetValue(incident, out var queue))
        {
            _underWay.Add(incident, queue = new Queue<Webhook>());
        }

        queue.Enqueue(new Webhook(incident, resolved, occurredAt, body, signature));
    }

    /// <summary>The next one of some incident; null when none is under way.</summary>
    public Webhook? Next(int choice)
    {
        var waiting = _underWay.Values.Where(q => q.Count > 0).ToList();
        if (waiting.Count == 0)
        {
            return null;
        }

        var next = waiting[choice % waiting.Count].Dequeue();
        _delivered.Add(next);
        return next;
    }

    /// <summary>One that was delivered before; null when there is none.</summary>
    public Webhook? Again(int choice) => _delivered.Count == 0 ? null : _delivered[choice % _delivered.Count];

    /// <summary>Loses one that is under way.</summary>
    public void Lose(int choice)
    {
        if (_underWay.Values.Where(q => q.Count > 0).ToList() is { Count: > 0 } waiting)
        {
            waiting[choice % waiting.Count].Dequeue();
        }
    }
}

/// <summary>A delivery.</summary>
internal sealed record Webhook(string Incident, bool Resolved, DateTimeOffset OccurredAt, byte[] Body, string Signature);
