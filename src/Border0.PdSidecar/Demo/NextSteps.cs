using Border0.PdSidecar.Simulator;

namespace Border0.PdSidecar.Demo;

/// <summary>What a stranger may try after the demo.</summary>
internal static class NextSteps
{
    /// <summary>After a demo that has ended.</summary>
    public const string Short = """

        What next?
          pdsidecar demo --keep-running     leaves all of this up and prints a grpcurl session to paste
          pdsidecar serve --help            runs the sidecar for real
          README.md                         how to set it up with your PagerDuty account

        (from the source tree: dotnet run --project src/Border0.PdSidecar -- demo --keep-running)
        """;

    /// <summary>After a demo that keeps running: commands that work as they stand.</summary>
    public static string For(DemoStage stage)
    {
        var at = stage.Sidecar.Endpoints.GrpcTcp;
        var simulator = stage.PagerDuty.BaseAddress.ToString().TrimEnd('/');
        var service = stage.Account.Payments.Id;
        var console = $"http://{stage.Sidecar.Endpoints.Http}{WebConsole.ConsoleMapping.Path}/";
        return $$$"""

            Everything is still running; Ctrl+C ends it. The console, in a browser, and the token to sign in with:

            {{{console}}}
            {{{stage.AdminToken}}}

            Or paste into another terminal (grpcurl finds everything by reflection;
            without grpcurl: npx @bufbuild/buf curl --protocol grpc --http2-prior-knowledge http://{{{at}}}/SERVICE/METHOD -d '...'):

            grpcurl -plaintext {{{at}}} list
            grpcurl -plaintext {{{at}}} describe border0.pdsidecar.v1.EvaluationService

            # who may enter now, and who next
            grpcurl -plaintext -d '{"name": "{{{DemoStage.OnCallPolicy}}}"}' {{{at}}} border0.pdsidecar.v1.PolicyService/ListEligibleUsers

            # why, or why not
            grpcurl -plaintext -d '{"name": "{{{DemoStage.IncidentPolicy}}}", "user_email": "alice@example.com"}' {{{at}}} border0.pdsidecar.v1.PolicyService/TestPolicy

            # watch a connector's sessions (leave it running), then open an incident, open a session, resolve the incident
            grpcurl -plaintext -d '{"connector_id": "mine"}' {{{at}}} border0.pdsidecar.v1.EvaluationService/WatchSessions
            curl -X POST '{{{simulator}}}/sim/trigger?service=Payments&title=Down'
            grpcurl -plaintext -d '{"connector_id": "mine", "socket_id": "{{{DemoStage.Database}}}", "socket_type": "database", "user_email": "alice@example.com", "session_key": "s1"}' {{{at}}} border0.pdsidecar.v1.EvaluationService/Evaluate
            curl -X POST '{{{simulator}}}/sim/resolve'

            # an integration of your own, as an administrator, whom loopback takes nobody for without a token
            # (the simulator's read-only key is {{{DemoAccount.ReadOnlyKey}}}, Payments is {{{service}}})
            TOKEN={{{stage.AdminToken}}}
            grpcurl -plaintext -H "authorization: Bearer $TOKEN" -d '{"integration": {"name": "mine", "api_key": "{{{DemoAccount.ReadOnlyKey}}}"}}' {{{at}}} border0.pdsidecar.v1.IntegrationService/CreateIntegration
            grpcurl -plaintext -d '{"integration_name": "mine"}' {{{at}}} border0.pdsidecar.v1.IntegrationService/ListPagerDutyServices

            curl {{{simulator}}}/sim      # what else the simulator can do
            """;
    }
}
