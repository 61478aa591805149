using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Fleet.Facts;

/// <summary>
/// What stands in etcd of one integration's facts, as far as it was followed, and how it gets into this sidecar's facts: as if it had been
/// polled here. For one thread at a time.
/// </summary>
internal sealed class IntegrationMirror
{
    private readonly Dictionary<RefreshKind, (Confirmation Value, long Token)> _confirmed = [];
    private readonly HashSet<RefreshKind> _polledHere = [];
    private readonly HashSet<string> _services = new(StringComparer.Ordinal);
    private readonly HashSet<string> _policies = new(StringComparer.Ordinal);
    private readonly HashSet<RefreshKind> _kinds = [];
    private readonly ClockOffset _offset = new();
    private bool _gone;

    /// <summary>What stands in etcd.</summary>
    public PublishedFacts Published { get; private set; } = new();

    /// <summary>The highest fencing token that was seen: of anything lower nothing is taken.</summary>
    public long Token { get; private set; }

    /// <summary>By how much the poller's clock seems to be ahead of this one (negative), or behind it.</summary>
    public TimeSpan? ClockDifference => _offset.Least;

    /// <summary>Somebody polls under this token: whoever polled before does no longer.</summary>
    public void Fence(long token)
    {
        if (token > Token)
        {
            Token = token;
            _offset.Begin(token);
        }
    }

    /// <summary>All that there is comes next: what does not, is not there.</summary>
    public void Begin()
    {
        Published = new PublishedFacts();
        _confirmed.Clear();
        _gone = true;

        // A cluster that was restored from a backup counts anew; what stands in it says who wrote last.
        Token = 0;
        _offset.Begin(0);
    }

    /// <summary>This sidecar polls by itself now: what it finds goes before what is published, until another one has polled since.</summary>
    public void PolledHere() => _polledHere.UnionWith(Enum.GetValues<RefreshKind>());

    /// <summary>Takes a key's value. False when it is not taken: written by a poller that another one has replaced, or damaged.</summary>
    /// <param name="rest">The parts of the key behind the account: what it is, and its id.</param>
    /// <param name="record">The value.</param>
    /// <param name="isLive">It comes as a change, and was not there before.</param>
    /// <param name="now">Now, by this machine's clock.</param>
    public bool Take(ReadOnlySpan<string> rest, EtcdRecord record, bool isLive, DateTimeOffset now)
    {
        // What an earlier poller wrote stands until a later one says otherwise; what it writes after a later one has written does not.
        if (rest is not [var what, var id] || !FactsValue.TryReadToken(record.Value.Span, out var token) || (isLive && token < Token))
        {
            return false;
        }

        Fence(token);
        switch (what)
        {
            case "service" when FactsValue.ReadService(record.Value.Memory) is { } service:
                Published.Services[id] = (service, token);
                _services.Add(id);
                return true;
            case "policy" when FactsValue.ReadPolicy(record.Value.Memory) is { } policy:
                Published.Policies[id] = (policy, token);
                _policies.Add(id);
                return true;
            case "confirmed" when Enum.TryParse<RefreshKind>(id, out var kind) && Enum.IsDefined(kind) && FactsValue.ReadConfirmation(record.Value.Memory) is { } confirmation:
                _confirmed[kind] = (confirmation, token);
                _kinds.Add(kind);
                if (isLive)
                {
                    _offset.Observe(token, confirmation.SentAt, now);
                    FleetMetrics.WatchLag.Record((now - confirmation.SentAt).TotalSeconds, new KeyValuePair<string, object?>("what", "facts"));
                }

                return true;
            default:
                return false;
        }
    }

    /// <summary>A key is gone.</summary>
    public void Remove(ReadOnlySpan<string> rest)
    {
        if (rest is ["service", var service])
        {
            _gone |= Published.Services.Remove(service);
        }
        else if (rest is ["policy", var policy])
        {
            _gone |= Published.Policies.Remove(policy);
        }
        else if (rest is ["confirmed", var name] && Enum.TryParse<RefreshKind>(name, out var kind))
        {
            _confirmed.Remove(kind);
        }
    }

    /// <summary>Puts what has been taken since the last time into the facts of this sidecar.</summary>
    /// <param name="feed">The integration's feed.</param>
    /// <param name="everything">Put in everything, also what was put in before: the feed is new, or has polled by itself meanwhile.</param>
    public void PutInto(PagerDutyFeed feed, bool everything = false)
    {
        if (everything)
        {
            _kinds.UnionWith(_confirmed.Keys);
        }

        var services = everything ? Published.Services.Keys.ToHashSet() : _services;
        var policies = everything ? Published.Policies.Keys.ToHashSet() : _policies;
        if (services.Count + policies.Count > 0)
        {
            var changed = services.Where(Published.Services.ContainsKey).Select(id => Published.Services[id]).ToList();
            feed.Publisher.Publish(
                [.. changed.Where(s => s.Value.Service is not null).Select(s => s.Value.Service! with { AsOf = Here(s.Value.Service.AsOf) })],
                [.. changed.Where(s => s.Value.Incidents is not null).Select(s => s.Value.Incidents! with { AsOf = Here(s.Value.Incidents.AsOf) })],
                [.. policies.Where(Published.Policies.ContainsKey).Select(id => Published.Policies[id].Value).Select(p => p with { AsOf = Here(p.AsOf) })],
                isLater: _polledHere.Count == 0);
        }

        foreach (var kind in _kinds)
        {
            if (_confirmed.TryGetValue(kind, out var confirmed))
            {
                Confirm(feed, kind, confirmed.Value, confirmed.Token);
            }
        }

        if (_gone || everything)
        {
            feed.Publisher.Forget((id, _) => Published.Services.ContainsKey(id));
        }

        _gone = false;
        _services.Clear();
        _policies.Clear();
        _kinds.Clear();
    }

    private void Confirm(PagerDutyFeed feed, RefreshKind kind, Confirmation confirmed, long token)
    {
        // Another poller's own look is later than what was polled here before, whatever its clock says; what it took over is not.
        bool IsLater(ConfirmedGroup group) => !_polledHere.Contains(kind) || group.AsOf >= confirmed.Since;

        var named = confirmed.Groups.Skip(1).SelectMany(g => g.Ids).ToHashSet(StringComparer.Ordinal);
        foreach (var (group, index) in confirmed.Groups.Select((g, i) => (g, i)).Where(g => g.g.AsOf > DateTimeOffset.MinValue))
        {
            bool IsIn(string id) => index == 0 ? !named.Contains(id) : group.Ids.Contains(id);

            switch (kind)
            {
                case RefreshKind.Incidents:
                    feed.Publisher.Publish(
                        incidents:
                        [
                            .. Published.Services.Where(s => s.Value.Value.Incidents is not null && IsIn(s.Key))
                                .Select(s => s.Value.Value.Incidents! with { AsOf = At(s.Value.Value.Incidents!.AsOf, s.Value.Token, group.AsOf, token) }),
                        ],
                        isLater: IsLater(group));
                    break;
                case RefreshKind.Services:
                    feed.Publisher.Publish(
                        services:
                        [
                            .. Published.Services.Where(s => s.Value.Value.Service is not null && IsIn(s.Key))
                                .Select(s => s.Value.Value.Service! with { AsOf = At(s.Value.Value.Service!.AsOf, s.Value.Token, group.AsOf, token) }),
                        ],
                        isLater: IsLater(group));
                    break;
                default:
                    feed.Publisher.Publish(
                        policies:
                        [
                            .. Published.Policies.Where(p => IsIn(p.Key)).Select(p => p.Value.Value with
                            {
                                AsOf = At(p.Value.Value.AsOf, p.Value.Token, group.AsOf, token),
                                KnownUntil = group.KnownUntil > p.Value.Value.KnownUntil ? group.KnownUntil.Value : p.Value.Value.KnownUntil,
                            }),
                        ],
                        isLater: IsLater(group));
                    break;
            }
        }

        if (confirmed.Groups[0].AsOf >= confirmed.Since)
        {
            _polledHere.Remove(kind);
        }

        feed.Publisher.PublishRefusal(confirmed.Refused);
        if (token == Token)
        {
            feed.PollerStatus = ReadStatus(confirmed.Status) ?? feed.PollerStatus;
        }
    }

    private static IntegrationStatus? ReadStatus(byte[] status)
    {
        try
        {
            return IntegrationStatus.Parser.ParseFrom(status);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>When a fact was so, by this machine's clock: the later of what it says itself and what was confirmed since, if of one clock.</summary>
    private DateTimeOffset At(DateTimeOffset own, long ownToken, DateTimeOffset confirmed, long token) =>
        Here(ownToken > token || (ownToken == token && own > confirmed) ? own : confirmed);

    private DateTimeOffset Here(DateTimeOffset pollersInstant) =>
        pollersInstant - DateTimeOffset.MinValue > -_offset.Shift ? pollersInstant + _offset.Shift : DateTimeOffset.MinValue;
}
