using System.Runtime.CompilerServices;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;
using Decision = Border0.PdSidecar.Engine.Evaluation.Decision;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// One open session. What changes of it is changed under <see cref="Lock"/> by the registry only; once <see cref="Ended"/> it
/// changes no more.
/// </summary>
internal sealed class OpenSession(string connectorId, string sessionKey, AccessRequest request, DateTimeOffset opened)
{
    private volatile StrongBox<AccessRequest> _request = new(request);
    private long _lastSeenTicks = opened.UtcTicks;
    private readonly PackedInstant _opened = opened;
    private PackedInstant _factsTime;
    private PackedInstant _recordedFactsTime;
    private PackedInstant _knownLast;
    private PackedInstant _graceUntil;
    private PackedInstant _warnedOf;
    private PackedInstant _due = DateTimeOffset.MaxValue;
    private PackedInstant _queued = DateTimeOffset.MaxValue;

    /// <summary>What its changes are made under: itself, since a lock of its own for each of many sessions is memory.</summary>
    public object Lock => this;

    public string ConnectorId { get; } = connectorId;

    public string SessionKey { get; } = sessionKey;

    /// <summary>What was asked last: groups, tags and the client's place may be others than at the opening. Read from any thread.</summary>
    public AccessRequest Request
    {
        get => _request.Value;
        set => _request = new(value);
    }

    public DateTimeOffset Opened => (DateTimeOffset)_opened;

    /// <summary>The last decision that allowed it.</summary>
    public Decision Allowed { get; set; }

    /// <summary>The policies that granted it last; those of the journal until it is evaluated again after a restart.</summary>
    public IReadOnlyList<string> PolicyNames { get; set; } = [];

    /// <summary>The instant of the oldest facts that it was last allowed on.</summary>
    public DateTimeOffset? FactsTime
    {
        get => _factsTime;
        set => _factsTime = value;
    }

    /// <summary>The <see cref="FactsTime"/> that the journal knows.</summary>
    public DateTimeOffset? RecordedFactsTime
    {
        get => _recordedFactsTime;
        set => _recordedFactsTime = value;
    }

    /// <summary>The instant that PagerDuty was last known for, while it is kept although nothing is known; null otherwise.</summary>
    public DateTimeOffset? KnownLast
    {
        get => _knownLast;
        set => _knownLast = value;
    }

    /// <summary>The services that its decision depends on, as they are indexed.</summary>
    public ServiceKey[] Services { get; set; } = [];

    /// <summary>It is over: no event follows.</summary>
    public bool Ended { get; set; }

    /// <summary>It is not allowed any more and ends then; null while it is allowed.</summary>
    public DateTimeOffset? GraceUntil
    {
        get => _graceUntil;
        set => _graceUntil = value;
    }

    /// <summary>What ends it once its grace is over.</summary>
    public SessionRevoked? Pending { get; set; }

    /// <summary>The end that a session_expiring was sent for.</summary>
    public DateTimeOffset? WarnedOf
    {
        get => _warnedOf;
        set => _warnedOf = value;
    }

    /// <summary>When it is to be looked at again.</summary>
    public DateTimeOffset Due
    {
        get => (DateTimeOffset)_due;
        set => _due = value;
    }

    /// <summary>The earliest instant that it stands in the due times for.</summary>
    public DateTimeOffset Queued
    {
        get => (DateTimeOffset)_queued;
        set => _queued = value;
    }

    /// <summary>When the connector last asked about it or listed it.</summary>
    public DateTimeOffset LastSeen
    {
        get => new(Interlocked.Read(ref _lastSeenTicks), TimeSpan.Zero);
        set => Interlocked.Exchange(ref _lastSeenTicks, value.UtcTicks);
    }

    /// <summary>Whether a request is for this very session.</summary>
    public bool IsFor(in AccessRequest request, string connectorId) =>
        ConnectorId == connectorId
        && Request.SocketId == request.SocketId
        && Request.UserEmail.Equals(request.UserEmail, StringComparison.OrdinalIgnoreCase)
        && Request.ServiceAccount.Equals(request.ServiceAccount, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a request for this session says the same as the one before.</summary>
    public bool SaysTheSame(in AccessRequest request)
    {
        var known = Request;
        return known.SocketType == request.SocketType
            && known.ClientCountry == request.ClientCountry
            && Equals(known.ClientAddress, request.ClientAddress)
            && (known.Groups ?? []).SequenceEqual(request.Groups ?? [])
            && SameTags(known.SocketTags, request.SocketTags);
    }

    /// <summary>By its key: a hash that the runtime gives an object stands where its lock would, which then needs a place of its own.</summary>
    public override int GetHashCode() => SessionKey.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    private static bool SameTags(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0) && (left is null || left.All(t => right!.TryGetValue(t.Key, out var value) && value == t.Value));
}
