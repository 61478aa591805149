using System.Diagnostics;

namespace Border0.PdSidecar.Mutation;

/// <summary>Runs the tests that pass a mutant until one notices it, mutant by mutant.</summary>
internal sealed class Judge(MutantSwitch control, Coverage coverage, Verdicts verdicts, Func<TestSuite> find)
{
    // More processor time than a test that ends takes, or so much time that it waits for what does not come; whatever else the machine does.
    private static readonly TimeSpan MostProcessorTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(30);
    private const int MostTimes = 10;
    private const int MutantsOfAProcess = 300;

    /// <summary>Judges what is left to judge; false when that needs another process.</summary>
    public bool Run(IReadOnlyList<int> mutants)
    {
        if (!coverage.TryLoad())
        {
            Measure(find());
            return false;
        }

        TestSuite? suite = null;
        var judged = 0;
        foreach (var mutant in mutants.Where(m => verdicts.Of(m) is null))
        {
            if (verdicts.Noted(mutant, "begun") - verdicts.Noted(mutant, "again") > 1)
            {
                verdicts.Is(mutant, Verdicts.Killed, "the process of the tests ended twice");
                continue;
            }

            // What is initialized once was passed by one test only, the first; it is judged with the mutant active from the beginning.
            var isOnce = coverage.Once.Contains(mutant) || verdicts.Noted(mutant, "once") > 0;
            string[] tests = [.. isOnce ? coverage.Tests : coverage.TestsOf(mutant)];
            if (tests.Length == 0)
            {
                verdicts.Is(mutant, Verdicts.NoCoverage, "");
                continue;
            }

            if ((isOnce && judged > 0) || judged >= MutantsOfAProcess)
            {
                return false;
            }

            verdicts.Note(mutant, "begun");
            if (isOnce)
            {
                control.Active = mutant;
            }

            judged++;
            suite ??= find();
            var isFresh = judged == 1;
            if (One(suite, mutant, tests, isFresh) is not { } verdict)
            {
                // Something that was left behind, perhaps: once more in a process that has seen nothing.
                verdicts.Note(mutant, "again");
                return false;
            }

            if (verdict.Status == Verdicts.Survived && !isOnce && tests.Length == 1)
            {
                verdicts.Note(mutant, "once");
                verdicts.Note(mutant, "again");
                return false;
            }

            verdicts.Is(mutant, verdict.Status, verdict.By);
            if (isOnce)
            {
                return false;
            }
        }

        return true;
    }

    private (string Status, string By)? One(TestSuite suite, int mutant, string[] tests, bool isFresh)
    {
        foreach (var test in tests)
        {
            control.Active = mutant;
            var failure = Bounded(suite, mutant, test);
            control.Active = MutantSwitch.None;
            if (failure is null)
            {
                continue;
            }

            // Without the mutant it must pass, here and now; else it was not the mutant that it noticed.
            var isMutant = isFresh || Bounded(suite, mutant, test) is null;
            return isMutant ? (Verdicts.Killed, $"{suite.Cases[test].DisplayName}: {failure}") : null;
        }

        return (Verdicts.Survived, $"{tests.Length} tests");
    }

    /// <summary>Runs a test; one that does not end takes the process with it, and the mutant is judged.</summary>
    private string? Bounded(TestSuite suite, int mutant, string test)
    {
        var usual = coverage.TimeOf(test) * MostTimes;
        var (process, begun) = (Process.GetCurrentProcess(), Stopwatch.GetTimestamp());
        var worked = process.TotalProcessorTime;
        using var watch = new Timer(
            _ =>
            {
                process.Refresh();
                if (process.TotalProcessorTime - worked > MostProcessorTime + usual || Stopwatch.GetElapsedTime(begun) > MostTime + usual)
                {
                    verdicts.Is(mutant, Verdicts.TimedOut, suite.Cases[test].DisplayName);
                    Environment.Exit(11);
                }
            },
            null,
            TimeSpan.FromSeconds(1),
            TimeSpan.FromSeconds(1));
        return suite.Run(suite.Cases[test]);
    }

    private void Measure(TestSuite suite)
    {
        control.Captures = true;
        foreach (var (id, test) in suite.Cases)
        {
            var begun = Stopwatch.GetTimestamp();
            if (suite.Run(test) is { } failure)
            {
                throw new InvalidOperationException($"Without any mutant, {test.DisplayName} fails: {failure}");
            }

            var (passed, once) = control.Take();
            coverage.Add(id, Stopwatch.GetElapsedTime(begun).TotalMilliseconds, passed, once);
        }

        coverage.Save();
    }
}
