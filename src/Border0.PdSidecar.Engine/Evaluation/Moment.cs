using Border0.PdSidecar.Engine.Policies;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>For when a decision is made, and from where facts are looked at.</summary>
/// <param name="At">The instant to decide for.</param>
/// <param name="Now">The instant at which facts are judged fresh or stale; that of <paramref name="At"/> unless a test looks ahead.</param>
/// <param name="Purpose">New connection or running session: how old facts may be.</param>
internal readonly record struct Moment(DateTimeOffset At, DateTimeOffset Now, EvaluationPurpose Purpose)
{
    /// <summary>
    /// Whether incident or on-call facts of that age may still be used. Facts from ahead of now tell that the clock was set back:
    /// how old they are is not known, so that they count for as old as they seem young.
    /// </summary>
    public bool IsFresh(DateTimeOffset asOf, IntegrationSettings settings) => Purpose == EvaluationPurpose.NewConnection
        ? (Now - asOf).Duration() < settings.MaxStaleness
        : (Now - asOf).Duration() <= settings.SessionMaxStaleness;

    /// <summary>Whether the service itself, refreshed seldom, may still be used.</summary>
    public bool IsMappingFresh(DateTimeOffset asOf, IntegrationSettings settings) =>
        (Now - asOf).Duration() <= settings.MappingMaxStaleness;

    /// <summary>The first instant at which <see cref="IsFresh"/> no longer holds.</summary>
    public DateTimeOffset StaleAt(DateTimeOffset asOf, IntegrationSettings settings) => Purpose == EvaluationPurpose.NewConnection
        ? asOf + settings.MaxStaleness
        : asOf + settings.SessionMaxStaleness + TimeSpan.FromTicks(1);

    /// <summary>Where <see cref="IsFresh"/> does not hold, the instant at which it will; null for facts that are only old.</summary>
    public DateTimeOffset? FreshAt(DateTimeOffset asOf, IntegrationSettings settings) => asOf <= Now ? null
        : Purpose == EvaluationPurpose.NewConnection
            ? asOf - settings.MaxStaleness + TimeSpan.FromTicks(1)
            : asOf - settings.SessionMaxStaleness;

    /// <summary>Where <see cref="IsMappingFresh"/> does not hold, the instant at which it will; null for a service that is only old.</summary>
    public DateTimeOffset? MappingFreshAt(DateTimeOffset asOf, IntegrationSettings settings) =>
        asOf <= Now ? null : asOf - settings.MappingMaxStaleness;

    /// <summary>The first instant at which <see cref="IsMappingFresh"/> no longer holds.</summary>
    public static DateTimeOffset MappingStaleAt(DateTimeOffset asOf, IntegrationSettings settings) =>
        asOf + settings.MappingMaxStaleness + TimeSpan.FromTicks(1);
}
