using System.Collections.Concurrent;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Tests.Sessions;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Proofs.Tests.Schedules;

/// <summary>
/// A schedule of the sessions in which PagerDuty's news come as they do in life: by webhooks that are late, repeated, reordered or
/// lost, and by polls whose answers come in between, through the real receiver and feeds. Beside the sessions' oracle runs one for
/// the facts: a resolved incident never comes back, an open one never vanishes, and in the end the facts are the truth.
/// </summary>
internal sealed class WebhookSchedule(bool shortLog) : RandomSchedule(shortLog)
{
    private static readonly Uri Address = new("https://api.pagerduty.test");
    private const string Secret = "a secret of the webhook subscription";

    private readonly WebhookMail _mail = new(Secret);
    private readonly Dictionary<string, List<(DateTimeOffset From, DateTimeOffset To)>> _openTimes = [];
    private readonly Dictionary<string, DateTimeOffset> _resolveTold = [];
    private readonly HashSet<string> _reopened = [];
    private readonly HashSet<string> _seen = [];
    private readonly ConcurrentDictionary<string, DateTimeOffset> _lost = new();
    private readonly List<(string Id, string Service)> _resolved = [];
    private GatedPagerDuty _pagerDuty = null!;
    private PagerDutyClients _clients = null!;
    private PagerDutyFeeds _feeds = null!;
    private WebhookReceiver _receiver = null!;
    private FactsStore? _facts;
    private DateTimeOffset _knownShiftEnd = DateTimeOffset.MaxValue;
    private int _incidents;
    private bool _calm;

    /// <summary>Webhooks delivered, repetitions included.</summary>
    public int Webhooks { get; private set; }

    /// <summary>Polls that were answered.</summary>
    public int Polls { get; private set; }

    protected override async Task StepAsync(int kind, int value)
    {
        for (var i = 0; i < value / 7 % 3; i++)
        {
            Deliver(value + i);
        }

        await base.StepAsync(kind, value);
        JudgeFacts();
    }

    protected override Task FlipAsync(string service)
    {
        World.Time.Advance(TimeSpan.FromMilliseconds(1));
        var now = World.Now;
        bool resolved, reopened = false;
        string id;
        lock (World.Incidents)
        {
            var open = World.Incidents[service];
            resolved = open.Count > 0 && _incidents++ % 4 != 3;
            if (resolved)
            {
                id = open.First();
                open.Remove(id);
                _resolved.Add((id, service));
                var times = _openTimes.TryGetValue(id, out var known) ? known : _openTimes[id] = [(DateTimeOffset.MinValue, DateTimeOffset.MaxValue)];
                times[^1] = times[^1] with { To = now };
            }
            else
            {
                var before = _resolved.Where(r => r.Service == service).ToList();
                reopened = before.Count > 0 && _incidents++ % 3 == 0;
                id = reopened ? before[_incidents % before.Count].Id : $"I{_incidents++}";
                reopened &= open.Add(id);
                open.Add(id);
                _reopened.UnionWith(reopened ? [id] : []);
                _resolved.RemoveAll(r => r.Id == id);
                (_openTimes.TryGetValue(id, out var times) ? times : _openTimes[id] = []).Add((now, DateTimeOffset.MaxValue));
            }
        }

        _mail.Send(id, service, resolved, reopened, now);
        return Task.CompletedTask;
    }

    protected override bool HasIncident(string service) =>
        World.Facts.Current.Of(World.Integration).Incidents.TryGetValue(service, out var facts) && facts.Open.Length > 0;

    protected override bool WasLostSince(string socket, DateTimeOffset since) =>
        _lost.TryGetValue(socket == "db-1" ? "S1" : socket == "db-2" ? "S2" : "shift", out var last) && last >= since;

    protected override async Task PublishAsync()
    {
        if (!ReferenceEquals(_facts, World.Facts))
        {
            await StartFeedsAsync();
        }

        // No two polls at the same instant.
        World.Time.Advance(TimeSpan.FromMilliseconds(1));
        _pagerDuty.AnswersAsAsked = Polls % 2 == 0;
        _pagerDuty.MissesARow = !_calm && Polls % 5 == 4;

        var sync = _feeds.SyncAsync(World.Integration, CancellationToken.None);
        await _pagerDuty.Asked.WaitAsync(TimeSpan.FromSeconds(60));
        for (var i = 0; !_calm && i < Polls % 4; i++)
        {
            // Between a poll's question and its answer.
            await FlipAsync(i % 2 == 0 ? "S1" : "S2");
            World.Time.Advance(TimeSpan.FromMilliseconds(Polls % 3 * 700));
            Deliver((Polls * 8) + i);
        }

        _pagerDuty.Open();
        var outcome = await sync.WaitAsync(TimeSpan.FromSeconds(60));
        if (World.Now >= _knownShiftEnd)
        {
            // The end that was known before came before the poll that would have moved it.
            _lost["shift"] = World.Now;
        }

        _knownShiftEnd = ShiftEnd;
        _pagerDuty.Close();
        Assert.Equal(PagerDutyOutcome.Ok, outcome.Outcome);
        Polls++;
    }

    protected override async Task SettleAsync()
    {
        for (var i = 0; _mail.Waiting > 0; i++)
        {
            Deliver((i * 8) + 1);
            World.Time.Advance(TimeSpan.FromMilliseconds(i % 700));
            Judge();
        }

        // A poll in between may have sent more; the last one has nothing in between.
        _calm = true;
        World.Time.Advance(TimeSpan.FromSeconds(10));
        await PublishAsync();
        Judge();
        JudgeFacts();
        foreach (var (service, open) in World.Incidents)
        {
            Assert.Equal(
                open.Order(StringComparer.Ordinal),
                World.Facts.Current.Of(World.Integration).Incidents[service].Open.Select(o => o.Id));
        }

        await base.SettleAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            StopFeedsAsync().AsTask().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private void Deliver(int choice)
    {
        if (choice % 16 == 15)
        {
            _mail.Lose(choice / 16);
            return;
        }

        if ((choice % 4 == 2 ? _mail.Again(choice / 4) : _mail.Next(choice / 4)) is not { } webhook)
        {
            return;
        }

        Webhooks++;
        var outcome = _receiver.Receive(World.Integration, webhook.Signature, null, webhook.Body);
        Assert.True(outcome is WebhookOutcome.Accepted or WebhookOutcome.AcceptedDuplicate, $"{outcome}");
        if (webhook.Resolved && webhook.OccurredAt > _resolveTold.GetValueOrDefault(webhook.Incident))
        {
            _resolveTold[webhook.Incident] = webhook.OccurredAt;
        }

        if (World.Facts.Current.Of(World.Integration).Incidents.Count == World.Incidents.Count)
        {
            // Before the first poll of a new start nothing is known, which ends no session.
            Judge();
        }

        JudgeFacts();
    }

    private void JudgeFacts()
    {
        foreach (var (service, facts) in World.Facts.Current.Of(World.Integration).Incidents)
        {
            foreach (var id in facts.Open.Select(o => o.Id))
            {
                Assert.True(
                    !_resolveTold.TryGetValue(id, out var told) || _openTimes[id].Any(t => t.To > told),
                    $"{id}, resolved at {told:O} as a webhook said, is open again at {World.Now:O}");
            }

            // Reopened ones aside: a late webhook of the resolution before may hide them for a moment.
            foreach (var id in World.Incidents[service].Where(id => !_reopened.Contains(id)))
            {
                var known = facts.Open.Any(o => o.Id == id);
                Assert.True(known || !_seen.Contains(id), $"{id} is open and was known, and has vanished at {World.Now:O}");
                if (known)
                {
                    _seen.Add(id);
                }
            }
        }
    }

    private async Task StartFeedsAsync()
    {
        if (_facts is not null)
        {
            await StopFeedsAsync();
            World.Time.Advance(TimeSpan.FromSeconds(10));
        }

        _seen.Clear();
        _facts = World.Facts;
        _facts.Changed += _ => NoteLosses();
        _pagerDuty = new GatedPagerDuty(World, () => ShiftEnd);
        _clients = new PagerDutyClients(new PagerDutyClientOptions { Retries = 0, Addresses = new PagerDutyAddresses { Allowed = Address } }, World.Time, NullLoggerFactory.Instance, _pagerDuty);
        _feeds = new PagerDutyFeeds(
            _facts,
            _clients,
            new PagerDutyFeedOptions { IncidentsInterval = TimeSpan.FromDays(1), OnCallInterval = TimeSpan.FromDays(1), ServicesInterval = TimeSpan.FromDays(1) },
            World.Time,
            NullLoggerFactory.Instance);
        _receiver = new WebhookReceiver(_feeds);
        _feeds.Apply(
        [
            new IntegrationConnection(World.Integration, "key", Address, [Secret], new HashSet<string> { "S1", "S2" }),
        ]);
    }

    /// <summary>What one part of a poll's answer says, the next may change before a step sees it.</summary>
    private void NoteLosses()
    {
        foreach (var (service, facts) in World.Facts.Current.Of(World.Integration).Incidents)
        {
            if (facts.Open.Length == 0)
            {
                _lost[service] = World.Now;
            }
        }
    }

    private async ValueTask StopFeedsAsync()
    {
        await _feeds.DisposeAsync();
        _receiver.Dispose();
        _clients.Dispose();
    }
}
