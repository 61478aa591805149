using System.Diagnostics.Metrics;
using System.Reflection;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Telemetry;

/// <summary>What can be read off the configuration at any moment: how each integration is doing, and how old its facts may get.</summary>
internal sealed class IntegrationGauges : IDisposable
{
    private static readonly IntegrationState[] States = [.. Enum.GetValues<IntegrationState>().Where(s => s != IntegrationState.Unspecified)];

    private readonly Meter _meter = new("Border0.PdSidecar");

    public IntegrationGauges(ConfigurationState configuration, PagerDutyFeeds feeds)
    {
        _meter.CreateObservableGauge(
            "pdsidecar.integration.state",
            () => configuration.FactsLimits().SelectMany(i => StatesOf(i.Key, feeds.Status(i.Key).State)),
            "{integration}",
            "1 for the state that an integration is in, 0 for every other.");
        _meter.CreateObservableGauge(
            "pdsidecar.facts.age.limit",
            () => configuration.FactsLimits().SelectMany(i => Limits(i, i.MaxStaleness)),
            "s",
            "Age from which facts allow no new connection.");
        _meter.CreateObservableGauge(
            "pdsidecar.facts.session_age.limit",
            () => configuration.FactsLimits().SelectMany(i => Limits(i, i.SessionMaxStaleness)),
            "s",
            "Age from which facts keep no session.");
        var version = typeof(IntegrationGauges).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        _meter.CreateObservableGauge(
            "pdsidecar.build", () => new Measurement<int>(1, new KeyValuePair<string, object?>("version", version)), "{build}", "1, with the version that runs.");
    }

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<int>> StatesOf(IntegrationKey key, IntegrationState state) =>
        States.Select(s => new Measurement<int>(s == state ? 1 : 0, Of(key), new KeyValuePair<string, object?>("state", s.ToString())));

    private static IEnumerable<Measurement<double>> Limits(IntegrationSettings integration, TimeSpan ofFacts)
    {
        foreach (var kind in Enum.GetValues<RefreshKind>())
        {
            // Which escalation policy a service uses is read far less often, and has a bound of its own.
            var limit = kind == RefreshKind.Services ? integration.MappingMaxStaleness : ofFacts;
            yield return new Measurement<double>(limit.TotalSeconds, Of(integration.Key), new KeyValuePair<string, object?>("kind", kind.ToString()));
        }
    }

    private static KeyValuePair<string, object?> Of(IntegrationKey key) => new("integration", key.ToString());
}
