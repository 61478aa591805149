using System.CommandLine;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;
using Grpc.Core;
using Grpc.Health.V1;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar health`: for container health checks, where there is no shell.</summary>
internal static class HealthCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "the data directory of the running sidecar", HelpName = "DIR" };
        var command = new Command("health", "Asks a running sidecar on this machine whether it serves. Exit codes: 0 it does, 1 it does not.") { data };
        command.SetAction(async (parsed, cancellation) =>
        {
            var directory = parsed.GetValue(data) ?? Environment.GetEnvironmentVariable("PDSIDECAR_DATA") ?? new SidecarOptions().Data;
            if (Endpoints.Read(Path.Combine(directory, "endpoints.json")) is not { } endpoints)
            {
                await Console.Error.WriteLineAsync($"pdsidecar: no sidecar is ready in {directory}");
                return 1;
            }

            try
            {
                using var connection = SidecarConnection.ToUnixSocket(endpoints.GrpcSocket);
                var answer = await new Health.HealthClient(connection.Channel).CheckAsync(
                    new HealthCheckRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(2), cancellationToken: cancellation);
                await Console.Out.WriteLineAsync(answer.Status.ToString());
                return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? 0 : 1;
            }
            catch (RpcException e)
            {
                await Console.Error.WriteLineAsync($"pdsidecar: {e.Status.Detail}");
                return 1;
            }
        });
        return command;
    }
}
