using Border0.PdSidecar.Engine.Policies;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>For when a decision is made, and from where facts are looked at.</summary>
/// <param name="At">The instant to decide for.</param>
/// <param name="Now">The instant at which facts are judged fresh or stale; that of <paramref name="At"/> unless a test looks ahead.</param>
/// <param name="Purpose">New connection or running session: how old facts may be.</param>
internal readonly record struct Moment(DateTimeOffset At, DateTimeOffset Now, EvaluationPurpose Purpose)
{
    /// <summary>Whether incident or on-call facts of that age may still be used.</summary>
    public bool IsFresh(DateTimeOffset asOf, IntegrationSettings settings) => Purpose == EvaluationPurpose.NewConnection
        ? Now - asOf < settings.MaxStaleness
        : Now - asOf <= settings.SessionMaxStaleness;

    /// <summary>Whether the service itself, refreshed seldom, may still be used.</summary>
    public bool IsMappingFresh(DateTimeOffset asOf, IntegrationSettings settings) => Now - asOf <= settings.MappingMaxStaleness;

    /// <summary>The first instant at which <see cref="IsFresh"/> no longer holds.</summary>
    public DateTimeOffset StaleAt(DateTimeOffset asOf, IntegrationSettings settings) => Purpose == EvaluationPurpose.NewConnection
        ? asOf + settings.MaxStaleness
        : asOf + settings.SessionMaxStaleness + TimeSpan.FromTicks(1);

    /// <summary>The first instant at which <see cref="IsMappingFresh"/> no longer holds.</summary>
    public static DateTimeOffset MappingStaleAt(DateTimeOffset asOf, IntegrationSettings settings) =>
        asOf + settings.MappingMaxStaleness + TimeSpan.FromTicks(1);
}
