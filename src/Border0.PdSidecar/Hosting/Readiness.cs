using Border0.PdSidecar.V1;
using Grpc.Health.V1;
using Grpc.HealthCheck;

namespace Border0.PdSidecar.Hosting;

/// <summary>Whether the sidecar answers: one word for the process and for each service, in grpc.health.v1 and on /readyz.</summary>
internal sealed class Readiness(HealthServiceImpl health)
{
    private static readonly string[] Names =
        ["", IntegrationService.Descriptor.FullName, PolicyService.Descriptor.FullName, EvaluationService.Descriptor.FullName];

    private volatile bool _isReady;

    public bool IsReady => _isReady;

    public void Set(bool isReady)
    {
        _isReady = isReady;
        foreach (var name in Names)
        {
            health.SetStatus(name, isReady ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing);
        }
    }
}
