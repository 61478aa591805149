using System.CommandLine;
using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Demo;

var root = new RootCommand("Border0's PagerDuty sidecar: lets people in while they are on call or an incident is open, and out again when not.")
{
    ServeCommand.Create(),
    DemoCommand.Create(),
    CheckCommand.Create(),
    HealthCommand.Create(),
    TokenCommand.Create(),
    KeysCommand.Create(),
    SimulatorCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
