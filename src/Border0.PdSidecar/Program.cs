using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Commands.Terminals;

return await CommandTree.RunAsync(Terminal.OfProcess(), args);
