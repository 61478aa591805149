using System.CommandLine;
using System.Net;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Simulator;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar simulator`.</summary>
internal static class SimulatorCommand
{
    public static Command Create()
    {
        var listen = new Option<string>("--listen") { Description = "loopback address to listen on; port 0 picks a free one", HelpName = "HOST:PORT", DefaultValueFactory = _ => "127.0.0.1:50600" };
        var command = new Command(
            "simulator",
            $"""
            Runs a PagerDuty account in memory: PagerDuty's REST paths, signed webhooks, and a control surface for curl under /sim.
            Its read-only key is {DemoAccount.ReadOnlyKey}

            Example:
              pdsidecar simulator --listen 127.0.0.1:50600
              pdsidecar serve --pagerduty-base-url http://127.0.0.1:50600
              curl -X POST 'http://127.0.0.1:50600/sim/trigger?service=Payments&title=Down'
            """) { listen };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (!ListenAddress.TryParse(parsed.GetValue(listen)!, out var address) || !address.IsLoopback)
            {
                await Console.Error.WriteLineAsync($"pdsidecar: --listen: \"{parsed.GetValue(listen)}\" is not a loopback HOST:PORT");
                return 2;
            }

            try
            {
                await using var simulator = await SimulatorServer.StartAsync(
                    new DemoAccount(TimeProvider.System).Account, new IPEndPoint(address.Address, address.Port), cancellation: cancellation);
                await Console.Out.WriteLineAsync($"PagerDuty simulator on {simulator.BaseAddress} with read-only key {DemoAccount.ReadOnlyKey}");
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            }
            catch (OperationCanceledException)
            {
                return 0;
            }
            catch (IOException e)
            {
                await Console.Error.WriteLineAsync($"pdsidecar: {e.Message}");
                return 1;
            }

            return 0;
        });
        return command;
    }
}
