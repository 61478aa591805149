using System.Reflection;
using Border0.PdSidecar.Mutation;

// Usage: TESTS.dll MUTATED.dll REPORT STATE NAMESPACE FOLDER. Ends with 0 when every mutant of the folder has its verdict, and otherwise wants
// to be started again: a mutant that hangs, crashes or leaves something behind takes the process with it.
if (args is not [var tests, var mutated, var report, var state, var wanted, var folder])
{
    await Console.Error.WriteLineAsync("usage: Border0.PdSidecar.Mutation TESTS.dll MUTATED.dll REPORT STATE NAMESPACE FOLDER");
    return 2;
}

var mutants = StrykerReport.Read(report, folder);
var verdicts = new Verdicts(Path.Combine(state, "verdicts"));
var coverage = new Coverage(Path.Combine(state, "coverage"));
var control = new MutantSwitch(Assembly.LoadFrom(mutated));
var judge = new Judge(control, coverage, verdicts, () => new TestSuite(Assembly.LoadFrom(tests), wanted));
var isOver = judge.Run(mutants);
if (isOver)
{
    StrykerReport.Write(report, Path.Combine(state, "report.json"), folder, verdicts);
}

return isOver ? 0 : 10;
