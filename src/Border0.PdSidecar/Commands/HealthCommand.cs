using System.CommandLine;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;
using Grpc.Core;
using Grpc.Health.V1;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar health`: for container health checks, where there is no shell.</summary>
internal static class HealthCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = new Option<string?>("--data") { Description = "the data directory of the running sidecar", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "write the answer as JSON, for scripts" };
        var command = new Command(
            "health",
            """
            Asks a running sidecar on this machine whether it serves.

            Exit codes: 0 it does, 1 it does not.

            Example:
              pdsidecar health --data /var/lib/pdsidecar
            """) { data, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var directory = parsed.GetValue(data) ?? terminal.Variable("PDSIDECAR_DATA") ?? new SidecarOptions().Data;
            if (Endpoints.Read(Path.Combine(directory, "endpoints.json")) is not { } endpoints)
            {
                terminal.Complain($"no sidecar is ready in {directory}");
                return ExitCodes.Failed;
            }

            try
            {
                using var connection = SidecarConnection.ToUnixSocket(endpoints.GrpcSocket);
                var answer = await new Health.HealthClient(connection.Channel).CheckAsync(
                    new HealthCheckRequest(), deadline: terminal.Time.GetUtcNow().UtcDateTime.AddSeconds(2), cancellationToken: cancellation);
                terminal.Out.WriteLine(parsed.GetValue(json) ? Remote.ContractJson.Indented(answer) : answer.Status.ToString());
                return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? ExitCodes.Done : ExitCodes.Failed;
            }
            catch (RpcException e)
            {
                terminal.Complain(e.Status.Detail);
                return ExitCodes.Failed;
            }
        });
        return command;
    }
}
