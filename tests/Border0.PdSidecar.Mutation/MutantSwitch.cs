using System.Collections;
using System.Reflection;

namespace Border0.PdSidecar.Mutation;

/// <summary>What Stryker puts into a mutated assembly: which mutant is active, and which were passed.</summary>
internal sealed class MutantSwitch
{
    public const int None = -1;

    private readonly FieldInfo _active;
    private readonly FieldInfo _capture;
    private readonly MethodInfo _taken;

    public MutantSwitch(Assembly mutated)
    {
        const BindingFlags Statics = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var control = mutated.GetTypes().Single(t => t.Name == "MutantControl");
        _active = control.GetField("ActiveMutant", Statics) ?? throw new MissingFieldException(control.FullName, "ActiveMutant");
        _capture = control.GetField("CaptureCoverage", Statics) ?? throw new MissingFieldException(control.FullName, "CaptureCoverage");
        _taken = control.GetMethod("GetCoverageData", Statics) ?? throw new MissingMethodException(control.FullName, "GetCoverageData");
        Active = None;
    }

    public int Active
    {
        set => _active.SetValue(null, value);
    }

    public bool Captures
    {
        set => _capture.SetValue(null, value);
    }

    /// <summary>The mutants that were passed since the last time, and those of them that are passed once in a process only.</summary>
    public (int[] Passed, int[] Once) Take()
    {
        int[][] taken = [.. ((IEnumerable)_taken.Invoke(null, null)!).Cast<IEnumerable>().Select(ids => ids.Cast<int>().ToArray())];
        return (taken[0], taken.Length > 1 ? taken[1] : []);
    }
}
