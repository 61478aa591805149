namespace Border0.PdSidecar.Simulator.Model;

/// <summary>A user of the account.</summary>
public sealed class SimulatedUser
{
    /// <summary>PagerDuty's id.</summary>
    public required string Id { get; init; }

    /// <summary>The name.</summary>
    public required string Name { get; set; }

    /// <summary>The e-mail address.</summary>
    public required string Email { get; set; }

    /// <summary>The role: owner, admin, user, limited_user, observer, read_only_user …</summary>
    public string Role { get; set; } = "user";

    /// <summary>Deleted: shown answers 404, and others refer to it by a reference without an e-mail.</summary>
    public bool Deleted { get; set; }
}

/// <summary>A stretch of time for which a schedule puts a user on call.</summary>
/// <param name="User">Who.</param>
/// <param name="Start">Inclusive.</param>
/// <param name="End">Exclusive.</param>
public sealed record SimulatedShift(SimulatedUser User, DateTimeOffset Start, DateTimeOffset End);

/// <summary>A schedule: its layers' shifts, and overrides that win over them.</summary>
public sealed class SimulatedSchedule
{
    private List<SimulatedShift>? _effective;

    /// <summary>PagerDuty's id.</summary>
    public required string Id { get; init; }

    /// <summary>The name.</summary>
    public required string Name { get; init; }

    internal List<SimulatedShift> Shifts { get; } = [];

    internal List<SimulatedShift> Overrides { get; } = [];

    internal void Changed() => _effective = null;

    /// <summary>Who is on call when, overrides applied: later overrides win over earlier ones.</summary>
    internal List<SimulatedShift> Effective()
    {
        if (_effective is { } known)
        {
            return known;
        }

        var result = new List<SimulatedShift>();
        foreach (var put in Shifts.Concat(Overrides))
        {
            result = [.. result.SelectMany(s => Without(s, put)), put];
        }

        return _effective = [.. result.OrderBy(s => s.Start)];
    }

    private static IEnumerable<SimulatedShift> Without(SimulatedShift shift, SimulatedShift cut)
    {
        if (cut.End <= shift.Start || cut.Start >= shift.End)
        {
            yield return shift;
            yield break;
        }

        if (shift.Start < cut.Start)
        {
            yield return shift with { End = cut.Start };
        }

        if (cut.End < shift.End)
        {
            yield return shift with { Start = cut.End };
        }
    }
}

/// <summary>A target of an escalation level: a user or a schedule.</summary>
/// <param name="User">The user who is on call for good, or null.</param>
/// <param name="Schedule">The schedule that says who is on call, or null.</param>
public sealed record SimulatedTarget(SimulatedUser? User, SimulatedSchedule? Schedule);

/// <summary>An escalation policy: levels from 1, each with its targets.</summary>
public sealed class SimulatedEscalationPolicy
{
    /// <summary>PagerDuty's id.</summary>
    public required string Id { get; init; }

    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The targets by level; the first entry is level 1.</summary>
    public List<List<SimulatedTarget>> Levels { get; } = [];

    /// <summary>Deleted: shown answers 404.</summary>
    public bool Deleted { get; set; }
}

/// <summary>A service.</summary>
public sealed class SimulatedService
{
    /// <summary>PagerDuty's id.</summary>
    public required string Id { get; init; }

    /// <summary>The name, unique without case.</summary>
    public required string Name { get; set; }

    /// <summary>The escalation policy that it uses.</summary>
    public required SimulatedEscalationPolicy EscalationPolicy { get; set; }

    /// <summary>In maintenance.</summary>
    public bool Maintenance { get; set; }

    /// <summary>Disabled.</summary>
    public bool Disabled { get; set; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An incident.</summary>
public sealed class SimulatedIncident
{
    /// <summary>PagerDuty's id.</summary>
    public required string Id { get; init; }

    /// <summary>The number people use.</summary>
    public required int Number { get; init; }

    /// <summary>The title.</summary>
    public required string Title { get; set; }

    /// <summary>The service that it belongs to.</summary>
    public required SimulatedService Service { get; set; }

    /// <summary>triggered, acknowledged or resolved.</summary>
    public string Status { get; set; } = "triggered";

    /// <summary>high or low.</summary>
    public string Urgency { get; set; } = "high";

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its status changed last.</summary>
    public DateTimeOffset StatusChangedAt { get; set; }

    /// <summary>When it was reopened, if it was.</summary>
    public DateTimeOffset? ReopenedAt { get; set; }

    /// <summary>Who it is assigned to, and since when.</summary>
    public List<(SimulatedUser User, DateTimeOffset At)> Assignments { get; } = [];

    /// <summary>Who has acknowledged it, and when.</summary>
    public List<(SimulatedUser User, DateTimeOffset At)> Acknowledgements { get; } = [];

    /// <summary>The incident that it was merged into.</summary>
    public SimulatedIncident? MergedInto { get; set; }

    /// <summary>Until when it is snoozed.</summary>
    public DateTimeOffset? SnoozedUntil { get; set; }
}

/// <summary>An API key.</summary>
public sealed class SimulatedKey
{
    /// <summary>The key itself.</summary>
    public required string Token { get; init; }

    /// <summary>Only GET is allowed.</summary>
    public bool ReadOnly { get; init; } = true;

    /// <summary>The user whose key it is; null for an account's key.</summary>
    public SimulatedUser? User { get; init; }

    /// <summary>Refused with 401 from now on.</summary>
    public bool Revoked { get; set; }

    /// <summary>Requests that it may make per minute.</summary>
    public int LimitPerMinute { get; set; } = 960;

    internal long Window { get; set; }

    internal int Used { get; set; }
}

/// <summary>A V3 webhook subscription.</summary>
public sealed class SimulatedSubscription
{
    /// <summary>PagerDuty's id.</summary>
    public required string Id { get; init; }

    /// <summary>Where it delivers to.</summary>
    public required Uri Url { get; init; }

    /// <summary>Its secrets; several while one is being replaced.</summary>
    public List<string> Secrets { get; } = [];

    /// <summary>The service whose events it hears; null for the whole account's.</summary>
    public string? ServiceId { get; init; }

    /// <summary>The user's own switch.</summary>
    public bool Active { get; set; } = true;

    /// <summary>Switched off for a day after three deliveries in a row were dropped.</summary>
    public DateTimeOffset? DisabledUntil { get; set; }

    internal int DroppedInARow { get; set; }
}
