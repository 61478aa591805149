using System.Collections.Immutable;
using Border0.PdSidecar.V1;
using Grpc.Health.V1;
using Grpc.HealthCheck;

namespace Border0.PdSidecar.Hosting;

/// <summary>
/// Whether the sidecar answers: one word for the process and for each service in grpc.health.v1, and with the reasons on /readyz and
/// /healthz. A sidecar whose disk takes nothing still decides: the process and EvaluationService are serving, and whoever looks sees that
/// it is degraded; the services that would have to write are not serving.
/// </summary>
internal sealed class Readiness(HealthServiceImpl health)
{
    private static readonly string[] Deciding = ["", EvaluationService.Descriptor.FullName, ActivityService.Descriptor.FullName];
    private static readonly string[] Writing = [IntegrationService.Descriptor.FullName, PolicyService.Descriptor.FullName];

    private readonly Lock _lock = new();
    private volatile bool _isReady;
    private volatile StorageTrouble[] _troubles = [];
    private volatile Func<IEnumerable<StorageTrouble>> _others = static () => [];

    public bool IsReady => _isReady;

    /// <summary>What cannot be written at present.</summary>
    public ImmutableArray<StorageTrouble> Troubles => [.. _troubles];

    public void Set(bool isReady)
    {
        lock (_lock)
        {
            _isReady = isReady;
            Tell();
        }
    }

    public void Set(ImmutableArray<StorageTrouble> troubles)
    {
        lock (_lock)
        {
            _troubles = [.. troubles];
            Tell();
        }
    }

    /// <summary>Has <see cref="Describe"/> ask for files that cannot be read again.</summary>
    public void Ask(Func<IEnumerable<StorageTrouble>> others) => _others = others;

    /// <summary>A line for the state ("ready", "degraded" or "not ready"), and one for each trouble.</summary>
    /// <param name="withReasons">Whether to say what the system says of it, which may name files.</param>
    public string Describe(bool withReasons)
    {
        StorageTrouble[] troubles = [.. _troubles, .. _others()];
        var lines = troubles.Select(t => withReasons ? $"{t.Part}: {t.Message} ({t.Consequence})\n" : $"{t.Part}: {t.Consequence}\n");
        return $"{(!_isReady ? "not ready" : troubles.Length > 0 ? "degraded" : "ready")}\n{string.Concat(lines)}";
    }

    private void Tell()
    {
        var canWrite = _troubles.All(t => t.Part != StorageTrouble.Configuration);
        Set(Deciding, _isReady);
        Set(Writing, _isReady && canWrite);
    }

    private void Set(string[] names, bool isServing)
    {
        foreach (var name in names)
        {
            health.SetStatus(name, isServing ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing);
        }
    }
}
