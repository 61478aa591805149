using System.CommandLine;
using System.Net;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Simulator;

namespace Border0.PdSidecar.Commands;

/// <summary>`pdsidecar simulator`.</summary>
internal static class SimulatorCommand
{
    public static Command Create(Terminal terminal)
    {
        var listen = new Option<string>("--listen") { Description = "loopback address to listen on; port 0 picks a free one", HelpName = "HOST:PORT", DefaultValueFactory = _ => "127.0.0.1:50600" };
        var json = new Option<bool>("--json") { Description = "write the answer as JSON, for scripts" };
        var command = new Command(
            "simulator",
            $"""
            Runs a PagerDuty account in memory: PagerDuty's REST paths, signed webhooks, and a control surface for curl under /sim.
            Its read-only key is {DemoAccount.ReadOnlyKey}

            Exit codes: 0 stopped when asked to, 1 could not start, 2 the arguments are wrong.

            Example:
              pdsidecar simulator --listen 127.0.0.1:50600
              pdsidecar serve --pagerduty-base-url http://127.0.0.1:50600
              curl -X POST 'http://127.0.0.1:50600/sim/trigger?service=Payments&title=Down'
            """) { listen, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (!ListenAddress.TryParse(parsed.GetValue(listen)!, out var address) || !address.IsLoopback)
            {
                terminal.Complain($"--listen: \"{parsed.GetValue(listen)}\" is not a loopback HOST:PORT");
                return ExitCodes.Wrong;
            }

            try
            {
                await using var simulator = await SimulatorServer.StartAsync(
                    new DemoAccount(TimeProvider.System).Account, new IPEndPoint(address.Address, address.Port), cancellation: cancellation);
                terminal.Out.WriteLine(parsed.GetValue(json)
                    ? JsonText.Of(j =>
                    {
                        j.WriteString("address", simulator.BaseAddress.ToString());
                        j.WriteString("read_only_key", DemoAccount.ReadOnlyKey);
                    })
                    : $"PagerDuty simulator on {simulator.BaseAddress} with read-only key {DemoAccount.ReadOnlyKey}");
                terminal.Out.Flush();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            }
            catch (OperationCanceledException)
            {
                return ExitCodes.Done;
            }
            catch (IOException e)
            {
                terminal.Complain(e.Message);
                return ExitCodes.Failed;
            }

            return ExitCodes.Done;
        });
        return command;
    }
}
