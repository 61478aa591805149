using System.Diagnostics;

namespace Border0.PdSidecar.Fuzz.Running;

/// <summary>Makes a failing input smaller as long as it fails in the same way.</summary>
internal static class Shrinker
{
    /// <summary>Shrinks.</summary>
    /// <param name="input">What fails.</param>
    /// <param name="what">How it fails.</param>
    /// <param name="fails">How another input fails; null when it does not.</param>
    /// <param name="time">How long to try at most.</param>
    public static (byte[] Input, string What) Shrink(byte[] input, string what, Func<byte[], string?> fails, TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        var kind = Kind(what);
        for (var piece = Math.Max(1, input.Length / 2); piece > 0; piece /= 2)
        {
            for (var at = 0; at < input.Length && Stopwatch.GetElapsedTime(began) < time;)
            {
                byte[] smaller = [.. input[..at], .. input[Math.Min(input.Length, at + piece)..]];
                if (fails(smaller) is { } still && Kind(still) == kind)
                {
                    (input, what) = (smaller, still);
                }
                else
                {
                    at += piece;
                }
            }
        }

        return (input, what);
    }

    /// <summary>The failure without what differs from input to input: its first words, numbers left out.</summary>
    private static string Kind(string what) => new([.. what.Split('\n', 2)[0].TakeWhile(c => c is not '"' and not '\'').Where(c => !char.IsAsciiDigit(c)).Take(60)]);
}
