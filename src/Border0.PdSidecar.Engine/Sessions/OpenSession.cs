using System.Runtime.CompilerServices;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;
using Decision = Border0.PdSidecar.Engine.Evaluation.Decision;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// One open session. What changes of it is changed under <see cref="Lock"/> by the registry only; once <see cref="Ended"/> it
/// changes no more.
/// </summary>
internal sealed class OpenSession(ConnectorLog log, string sessionKey, StrongBox<AccessRequest> request, DateTimeOffset opened)
{
    // Of those that the table of sessions and the index ask for it, each would count it anew.
    private readonly int _hash = sessionKey.GetHashCode(StringComparison.Ordinal);
    private volatile StrongBox<AccessRequest> _request = request;
    private Standing? _standing;
    private PackedInstant _allowedAt;
    private readonly PackedInstant _opened = opened;
    private long _lastSeenTicks = opened.UtcTicks;
    private PackedInstant _factsTime;
    private PackedInstant _recordedFactsTime;
    private PackedInstant _due = DateTimeOffset.MaxValue;
    private PackedInstant _queued = DateTimeOffset.MaxValue;
    private Ending? _ending;

    /// <summary>What its changes are made under: itself, since a lock of its own for each of many sessions is memory.</summary>
    public object Lock => this;

    /// <summary>The log of the connector that holds it.</summary>
    public ConnectorLog Log { get; } = log;

    public string ConnectorId => Log.ConnectorId;

    public string SessionKey { get; } = sessionKey;

    /// <summary>What was asked last: groups, tags and the client's place may be others than at the opening. Read from any thread.</summary>
    public ref readonly AccessRequest Request => ref _request.Value;

    /// <summary><see cref="Request"/> as it is held: sessions that are alike share one. Its value is not to be changed.</summary>
    public StrongBox<AccessRequest> KeptRequest
    {
        get => _request;
        set => _request = value;
    }

    public DateTimeOffset Opened => (DateTimeOffset)_opened;

    /// <summary>What the last decision that allowed it lets it rest on; null until it is evaluated again after a restart.</summary>
    public Standing? Standing => _standing;

    /// <summary>When it was last allowed.</summary>
    public DateTimeOffset AllowedAt => (DateTimeOffset)_allowedAt;

    /// <summary>The last decision that allowed it. Not to be asked for while there is no <see cref="Standing"/>.</summary>
    public Decision Allowed => _standing!.Of((DateTimeOffset)_allowedAt, Opened);

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
        get => _ending?.KnownLast;
        set => EndingFor(value)?.KnownLast = value;
    }

    /// <summary>The services that its decision depends on, as they are indexed.</summary>
    public ServiceKey[] Services { get; set; } = [];

    /// <summary>It is over: no event follows.</summary>
    public bool Ended { get; set; }

    /// <summary>It is not allowed any more and ends then; null while it is allowed.</summary>
    public DateTimeOffset? GraceUntil
    {
        get => _ending?.GraceUntil;
        set => EndingFor(value)?.GraceUntil = value;
    }

    /// <summary>What ends it once its grace is over.</summary>
    public SessionRevoked? Pending
    {
        get => _ending?.Pending;
        set => EndingFor(value)?.Pending = value;
    }

    /// <summary>The end that a session_expiring was sent for.</summary>
    public DateTimeOffset? WarnedOf
    {
        get => _ending?.WarnedOf;
        set => EndingFor(value)?.WarnedOf = value;
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

    /// <summary>Makes a decision its own.</summary>
    public void Rest(Standing standing, in Decision decision)
    {
        (_standing, _allowedAt, FactsTime) = (standing, decision.At, decision.FactsTime);
        KnownLast = null;
        PolicyNames = decision.Grants.PolicyNames;
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
            && SameGroups(known.Groups, request.Groups)
            && SameTags(known.SocketTags, request.SocketTags);
    }

    /// <summary>By its key: a hash that the runtime gives an object stands where its lock would, which then needs a place of its own.</summary>
    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    private Ending? EndingFor<T>(T? value) => value is null ? _ending : _ending ??= new Ending();

    /// <summary>Whether groups are the same, in the same order.</summary>
    public static bool SameGroups(IReadOnlyList<string>? left, IReadOnlyList<string>? right) =>
        ReferenceEquals(left, right) || (left ?? []).SequenceEqual(right ?? []);

    /// <summary>Whether tags are the same.</summary>
    public static bool SameTags(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0) && (left is null || left.All(t => right!.TryGetValue(t.Key, out var value) && value == t.Value));

    /// <summary>What only those have that are about to end: memory that most never need.</summary>
    private sealed class Ending
    {
        public PackedInstant KnownLast;
        public PackedInstant GraceUntil;
        public PackedInstant WarnedOf;
        public SessionRevoked? Pending;
    }
}
