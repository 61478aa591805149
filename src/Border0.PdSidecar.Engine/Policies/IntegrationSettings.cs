namespace Border0.PdSidecar.Engine.Policies;

/// <summary>What decisions need to know of an integration: that it exists, and how old its facts may be.</summary>
/// <param name="Key">The integration.</param>
/// <param name="DisplayName">Its name as it was written.</param>
/// <param name="MaxStaleness">New connections are allowed only on facts younger than this.</param>
/// <param name="SessionMaxStaleness">Running sessions are kept on facts up to this age.</param>
/// <param name="MappingMaxStaleness">
/// The bound for which escalation policy a service uses and whether it exists, which is polled far less often than
/// incidents and shifts (default 30 min, and never below the two other bounds).
/// </param>
public sealed record IntegrationSettings(
    IntegrationKey Key,
    string DisplayName,
    TimeSpan MaxStaleness,
    TimeSpan SessionMaxStaleness,
    TimeSpan MappingMaxStaleness);
