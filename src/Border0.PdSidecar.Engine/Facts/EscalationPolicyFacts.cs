using System.Collections.Immutable;

namespace Border0.PdSidecar.Engine.Facts;

/// <summary>Who is on call for an escalation policy, now and for some hours ahead.</summary>
public sealed record EscalationPolicyFacts
{
    /// <summary>PagerDuty's opaque id.</summary>
    public required string Id { get; init; }

    /// <summary>The policy's name; the id when PagerDuty gave none.</summary>
    public required string Name { get; init; }

    private Dictionary<string, OnCallShift[]>? _byEmail;

    /// <summary>Every known shift that overlaps [<see cref="AsOf"/>, <see cref="KnownUntil"/>), in PagerDuty's order.</summary>
    public ImmutableArray<OnCallShift> Shifts
    {
        get;
        init => (field, _byEmail) = (value, null);
    } = [];

    /// <summary>The instant at which this was true: when the first request for it was sent.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>Shifts that start later than this are not known.</summary>
    public required DateTimeOffset KnownUntil { get; init; }

    /// <summary>The shifts of the user with an e-mail address, compared without case; none for an empty one.</summary>
    public ReadOnlySpan<OnCallShift> ShiftsOf(string email) =>
        email.Length > 0 && (_byEmail ??= Index()).TryGetValue(email, out var shifts) ? shifts : [];

    /// <summary>Whether both say the same of PagerDuty, whatever their age and horizon.</summary>
    public bool SaysTheSameAs(EscalationPolicyFacts other) =>
        Id == other.Id && Name == other.Name && Shifts.AsSpan().SequenceEqual(other.Shifts.AsSpan());

    // Threads that race here each make the same index; one of them stays.
    private Dictionary<string, OnCallShift[]> Index() => Shifts.Where(s => s.User.Email.Length > 0)
        .GroupBy(s => s.User.Email, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(g => g.Key, g => g.ToArray(), StringComparer.OrdinalIgnoreCase);
}
