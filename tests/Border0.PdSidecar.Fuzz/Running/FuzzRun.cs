using System.Diagnostics;
using Border0.PdSidecar.Fuzz.Inputs;

namespace Border0.PdSidecar.Fuzz.Running;

/// <summary>Gives one target inputs until it fails, or there were enough. The same seed makes the same inputs.</summary>
/// <param name="target">The target.</param>
/// <param name="seed">Where the inputs begin.</param>
/// <param name="lastInput">Keeps the input that is under way, for when the process does not survive it; null for nowhere.</param>
/// <param name="longestInput">How long one input may take; a minute unless given, of which none takes a hundredth even on a busy machine.</param>
internal sealed class FuzzRun(FuzzTarget target, int seed, LastInput? lastInput = null, TimeSpan? longestInput = null)
{
    /// <summary>A thread of the server's has no larger stack: what nests too deep must fail here as it would there.</summary>
    private const int StackSize = 1536 * 1024;

    private const int MostKept = 4096;

    private readonly TimeSpan _longestInput = longestInput ?? TimeSpan.FromSeconds(60);
    private readonly Random _random = new(unchecked(seed * 31 + StableHash(target.Name)));
    private readonly Coverage _coverage = Coverage.Instance;
    private long _startedAt;
    private byte[] _current = [];

    /// <summary>Inputs so far.</summary>
    public long Inputs { get; private set; }

    /// <summary>The time taken so far.</summary>
    public TimeSpan Took { get; private set; }

    /// <summary>Inputs that were kept since they reached code that none before did; 0 where the code is not instrumented.</summary>
    public int Kept { get; private set; }

    /// <summary>The most bytes that were allocated for one input.</summary>
    public long MostAllocated { get; private set; }

    /// <summary>Runs.</summary>
    /// <param name="inputs">How many inputs.</param>
    /// <param name="time">How long at most.</param>
    /// <returns>What failed; null when nothing did.</returns>
    public Finding? Run(long inputs, TimeSpan time) => OnThread(() => Loop(inputs, time));

    /// <summary>Runs one input that was given.</summary>
    public Finding? RunOne(byte[] input) => OnThread(() => Try(input) is { } what ? Found(input, what, shrink: false) : null);

    private static int StableHash(string text) => text.Aggregate(17, (hash, c) => unchecked(hash * 31 + c));

    private Finding? OnThread(Func<Finding?> run)
    {
        Finding? found = null;
        Exception? broken = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    found = run();
                }
                catch (Exception e)
                {
                    broken = e;
                }
            },
            StackSize)
        { IsBackground = true, Name = "fuzz " + target.Name };
        Volatile.Write(ref _startedAt, Stopwatch.GetTimestamp());
        thread.Start();
        while (!thread.Join(TimeSpan.FromMilliseconds(200)))
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref _startedAt)) > _longestInput)
            {
                // The thread is lost: it cannot be ended.
                var hanging = Volatile.Read(ref _current);
                return new Finding(target.Name, seed, Inputs, hanging, $"no end after {_longestInput.TotalSeconds:0} s", target.Show(hanging));
            }
        }

        return broken is null ? found : throw new InvalidOperationException($"the fuzzer of {target.Name} is broken", broken);
    }

    private Finding? Loop(long inputs, TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        List<byte[]> corpus = [.. target.Examples];
        var mutator = new Mutator(_random, target.Words, target.Longest);
        var examples = corpus.Count;
        for (; Inputs < inputs && Stopwatch.GetElapsedTime(began) < time; Took = Stopwatch.GetElapsedTime(began))
        {
            var input = Inputs < examples ? corpus[(int)Inputs] : target.Generate(_random, mutator) ?? mutator.Mutate(corpus);
            Inputs++;
            if (Try(input) is { } what)
            {
                return Found(input, what, shrink: true);
            }

            if (_coverage.IsNew() && Inputs > examples)
            {
                Kept++;
                if (corpus.Count < MostKept)
                {
                    corpus.Add(input);
                }
                else
                {
                    corpus[_random.Next(examples, corpus.Count)] = input;
                }
            }
        }

        return null;
    }

    private string? Try(byte[] input)
    {
        Volatile.Write(ref _current, input);
        Volatile.Write(ref _startedAt, Stopwatch.GetTimestamp());
        lastInput?.Keep(input);
        _coverage.Begin();
        var before = target.Allocated();
        try
        {
            target.Run(input);
        }
        catch (Exception e)
        {
            return e is FuzzFinding ? e.Message : e.ToString();
        }

        var allocated = target.Allocated() - before;
        MostAllocated = Math.Max(MostAllocated, allocated);
        return allocated > target.AllocationBound(input.Length)
            ? $"{allocated} bytes were allocated for {input.Length} bytes of input, and at most {target.AllocationBound(input.Length)} may be"
            : null;
    }

    private Finding Found(byte[] input, string what, bool shrink)
    {
        var number = Inputs;
        if (shrink)
        {
            (input, what) = Shrinker.Shrink(input, what, Try, TimeSpan.FromSeconds(20));
        }

        return new Finding(target.Name, seed, number, input, what, target.Show(input));
    }
}
