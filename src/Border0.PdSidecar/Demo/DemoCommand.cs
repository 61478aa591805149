using System.CommandLine;
using Spectre.Console;

namespace Border0.PdSidecar.Demo;

/// <summary>`pdsidecar demo`.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var keepRunning = new Option<bool>("--keep-running") { Description = "leave everything up afterwards, for a session with grpcurl" };
        var command = new Command(
            "demo",
            """
            Shows the whole product on one screen in about 20 seconds: a PagerDuty simulator, the sidecar, and a connector in front of
            an echo server. Nothing is left behind, and nothing but loopback is used.

            Exit codes: 0 every step was as it should be, 1 one was not (the last lines say which).

            Example:
              pdsidecar demo --keep-running
            """) { keepRunning };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(keepRunning), TimeProvider.System, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(bool keepRunning, TimeProvider time, CancellationToken cancellation)
    {
        var screen = new DemoScreen(AnsiConsole.Console, time);
        try
        {
            await using var stage = await DemoStage.SetAsync(time, cancellation);
            screen.Title("Border0.PdSidecar: access while PagerDuty says so");
            screen.Plain($"PagerDuty simulator at {stage.PagerDuty.BaseAddress.Authority}, sidecar at {stage.Sidecar.Endpoints.GrpcTcp}, connector in front of an echo server");
            await stage.AdministerAsync(cancellation);
            screen.Admin($"integration {DemoStage.Integration}; policy {DemoStage.IncidentPolicy} (needs an open incident), policy {DemoStage.OnCallPolicy} (needs to be on call)");
            var script = new DemoScript(stage, screen, time);
            await script.IncidentAsync(cancellation);
            await script.HandOverAsync(cancellation);
            screen.Summary();
            screen.Verbatim(keepRunning ? NextSteps.For(stage) : NextSteps.Short);
            if (keepRunning)
            {
                await stage.Sidecar.WaitForStopAsync(cancellation);
            }

            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return keepRunning && screen.AllWell ? 0 : 1;
        }
        catch (Exception e) when (e is DemoFailedException or TimeoutException or IOException or Grpc.Core.RpcException or Storage.StorageUnusableException)
        {
            screen.Failure(e is TimeoutException ? "a step did not happen in time" : e.Message);
            return 1;
        }
    }
}
