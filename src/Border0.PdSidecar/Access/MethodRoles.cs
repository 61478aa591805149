using System.Collections.Frozen;

namespace Border0.PdSidecar.Access;

/// <summary>Who may call what: the one table. A method that is not in it may be called by nobody.</summary>
internal static class MethodRoles
{
    private static readonly FrozenDictionary<string, MethodRule> Rules = new Dictionary<string, MethodRule>
    {
        ["/border0.pdsidecar.v1.IntegrationService/CreateIntegration"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.IntegrationService/GetIntegration"] = Needs(Roles.Admin | Roles.Viewer),
        ["/border0.pdsidecar.v1.IntegrationService/ListIntegrations"] = Needs(Roles.Admin | Roles.Viewer),
        ["/border0.pdsidecar.v1.IntegrationService/UpdateIntegration"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.IntegrationService/DeleteIntegration"] = Needs(Roles.Admin),

        // These two spend the key's rate budget, and one of them takes keys.
        ["/border0.pdsidecar.v1.IntegrationService/CheckIntegration"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.IntegrationService/SyncIntegration"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.IntegrationService/ListPagerDutyServices"] = Needs(Roles.Admin | Roles.Viewer),

        ["/border0.pdsidecar.v1.PolicyService/CreatePolicy"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.PolicyService/GetPolicy"] = Needs(Roles.Admin | Roles.Viewer),
        ["/border0.pdsidecar.v1.PolicyService/ListPolicies"] = Needs(Roles.Admin | Roles.Viewer),
        ["/border0.pdsidecar.v1.PolicyService/UpdatePolicy"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.PolicyService/DeletePolicy"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.PolicyService/AttachPolicy"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.PolicyService/DetachPolicy"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.PolicyService/TestPolicy"] = Needs(Roles.Admin | Roles.Viewer),
        ["/border0.pdsidecar.v1.PolicyService/ListEligibleUsers"] = Needs(Roles.Admin | Roles.Viewer),

        ["/border0.pdsidecar.v1.EvaluationService/Evaluate"] = Needs(Roles.Connector),
        ["/border0.pdsidecar.v1.EvaluationService/EvaluateStream"] = Needs(Roles.Connector),
        ["/border0.pdsidecar.v1.EvaluationService/WatchSessions"] = Needs(Roles.Connector),
        ["/border0.pdsidecar.v1.EvaluationService/EndSession"] = Needs(Roles.Connector),
        ["/border0.pdsidecar.v1.EvaluationService/RevokeSession"] = Needs(Roles.Admin),
        ["/border0.pdsidecar.v1.EvaluationService/ListSessions"] = Needs(Roles.Admin | Roles.Viewer),

        ["/border0.pdsidecar.v1.ActivityService/WatchActivity"] = Needs(Roles.Admin | Roles.Viewer),

        // Whether it serves and what the contract is: no secrets, and asked by probes and tools that have no credentials.
        ["/grpc.health.v1.Health/Check"] = MethodRule.Open,
        ["/grpc.health.v1.Health/Watch"] = MethodRule.Open,
        ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = MethodRule.Open,
        ["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = MethodRule.Open,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The full names of the methods that have an entry.</summary>
    public static IEnumerable<string> Methods => Rules.Keys;

    /// <summary>The rule of a method by its full name, "/package.Service/Method".</summary>
    public static MethodRule Of(string method) => Rules.GetValueOrDefault(method, MethodRule.Closed);

    private static MethodRule Needs(Roles anyOf) => new(anyOf, IsOpen: false);
}
