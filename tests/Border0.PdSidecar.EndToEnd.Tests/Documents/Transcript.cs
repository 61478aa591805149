using System.Text;
using System.Text.RegularExpressions;

namespace Border0.PdSidecar.EndToEnd.Tests.Documents;

/// <summary>One command of a page, and what it answers there.</summary>
/// <param name="Command">As it stands there, over several lines where it takes more.</param>
/// <param name="Answer">The lines of the answer; "…" stands for anything in a line, and alone for any lines.</param>
internal sealed record Step(string Command, IReadOnlyList<string> Answer);

/// <summary>The commands of a page: its blocks of kind "console", in order.</summary>
internal static partial class Transcript
{
    /// <summary>Reads the steps of a page.</summary>
    public static List<Step> Read(string page)
    {
        var steps = new List<Step>();
        foreach (Match block in Block().Matches(page))
        {
            var lines = block.Groups[1].Value.Split('\n');
            for (var at = 0; at < lines.Length;)
            {
                Assert.StartsWith("$ ", lines[at], StringComparison.Ordinal);
                var command = new StringBuilder(lines[at++][2..]);
                if (HereDocument().Match(command.ToString()) is { Success: true } begin)
                {
                    do
                    {
                        command.Append('\n').Append(lines[at]);
                    }
                    while (lines[at++] != begin.Groups[1].Value);
                }

                var answer = new List<string>();
                while (at < lines.Length && !lines[at].StartsWith("$ ", StringComparison.Ordinal))
                {
                    answer.Add(lines[at++]);
                }

                steps.Add(new(command.ToString(), answer));
            }
        }

        return steps;
    }

    /// <summary>A script of all steps, which says where each begins.</summary>
    public static string Script(IEnumerable<Step> steps) => string.Concat(steps.Select((s, n) => $"echo '=== step {n}'\n{s.Command}\n")) + "echo '=== end'\n";

    /// <summary>What was printed by each step.</summary>
    public static List<string> Answers(string output) =>
        [.. Marker().Split(output).Skip(1).Select(a => a.Trim('\n'))];

    /// <summary>Whether an answer is as the page has it.</summary>
    public static bool Fits(string answer, IReadOnlyList<string> wanted)
    {
        var pattern = string.Join('\n', wanted.Select(line => line == "…" ? "(?s:.*)" : Regex.Escape(line).Replace("…", ".*", StringComparison.Ordinal)));

        // A "…" of its own stands for no line, too.
        return Regex.IsMatch(answer, $@"\A{pattern.Replace("\n(?s:.*)", "(?s:(?:\n.*)?)", StringComparison.Ordinal).Replace("(?s:.*)\n", "(?s:(?:.*\n)?)", StringComparison.Ordinal)}\z");
    }

    [GeneratedRegex(@"(?ms)^ *```console\n(.*?)\n *```")]
    private static partial Regex Block();

    [GeneratedRegex(@"<<(\w+)$")]
    private static partial Regex HereDocument();

    [GeneratedRegex(@"(?m)^=== (?:step \d+|end)$\n?")]
    private static partial Regex Marker();
}
