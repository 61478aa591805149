using System.Globalization;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>The connectors of examples/, one in each language, side by side at one sidecar: what one must do, all must.</summary>
internal sealed class ConnectorExamples : IAsyncDisposable
{
    private static readonly string Folder = Path.Combine(BuildFacts.RepositoryRoot, "examples");
    private static readonly Lazy<Task> Built = new(BuildAsync);

    private readonly Dictionary<string, ProgramRun> _connectors = [];

    private ConnectorExamples()
    {
    }

    /// <summary>Their connector ids.</summary>
    public static IReadOnlyList<string> Languages { get; } = ["go", "node", "python"];

    /// <summary>Starts all of them, and returns once each watches.</summary>
    /// <param name="address">The sidecar's.</param>
    /// <param name="silence">Their bound on silence.</param>
    /// <param name="environment">What each has in its environment, by its language.</param>
    public static async Task<ConnectorExamples> StartAsync(string address, TimeSpan silence, Func<string, IReadOnlyDictionary<string, string>>? environment = null)
    {
        await Built.Value;
        var examples = new ConnectorExamples();
        foreach (var language in Languages)
        {
            string[] command = language switch
            {
                "go" => [Path.Combine(Folder, "go", "bin", "connector")],
                "node" => ["node", Path.Combine(Folder, "node", "main.js")],

                // The interpreter that Debian's packages are for, whichever comes first on the path.
                _ => ["/usr/bin/python3", Path.Combine(Folder, "python", "main.py")],
            };
            examples._connectors[language] = ProgramRun.Start(
                command[0],
                [.. command[1..], address, language, silence.TotalSeconds.ToString(CultureInfo.InvariantCulture)],
                environment: environment?.Invoke(language),
                keepsInputOpen: true);
        }

        await examples.SayAsync("watching");
        return examples;
    }

    /// <summary>A line for or from one of them: % stands for its language, so that session keys differ.</summary>
    public static string Of(string language, string line) => line.Replace("%", language, StringComparison.Ordinal);

    /// <summary>Types a line to each.</summary>
    public void Type(string line)
    {
        foreach (var (language, connector) in _connectors)
        {
            connector.Type(Of(language, line));
        }
    }

    /// <summary>Waits until each has printed a line that begins so, and returns when the last one was seen to.</summary>
    public async Task<DateTimeOffset> SayAsync(string beginning)
    {
        foreach (var (language, connector) in _connectors)
        {
            try
            {
                await Eventually.SeesAsync(() => HasSaid(language, beginning) ? beginning : null, beginning);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"{language} did not say '{beginning}':\n{connector.Output}\n{connector.Errors}");
            }
        }

        return DateTimeOffset.UtcNow;
    }

    /// <summary>None of them has printed a line that begins so.</summary>
    public void HaveNotSaid(string beginning)
    {
        foreach (var (language, connector) in _connectors)
        {
            Assert.False(HasSaid(language, beginning), $"{language} said '{beginning}':\n{connector.Output}\n{connector.Errors}");
        }
    }

    /// <summary>Each of them has printed a line that begins with the one before any that begins with the other.</summary>
    public void HaveSaidFirst(string first, string second)
    {
        foreach (var (language, connector) in _connectors)
        {
            var lines = connector.Output.Split('\n');
            var at = Array.FindIndex(lines, l => l.StartsWith(Of(language, first), StringComparison.Ordinal));
            var other = Array.FindIndex(lines, l => l.StartsWith(Of(language, second), StringComparison.Ordinal));
            Assert.True(at >= 0 && (other < 0 || at < other), $"{language} did not say '{first}' before '{second}':\n{connector.Output}\n{connector.Errors}");
        }
    }

    /// <summary>Ends their input and waits until each has ended well.</summary>
    public async Task FinishAsync()
    {
        foreach (var connector in _connectors.Values)
        {
            connector.CloseInput();
        }

        foreach (var (language, connector) in _connectors)
        {
            var code = await connector.ExitAsync();
            Assert.True(code == 0, $"{language} ended with {code}:\n{connector.Output}\n{connector.Errors}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connector in _connectors.Values)
        {
            await connector.DisposeAsync();
        }
    }

    private bool HasSaid(string language, string beginning) =>
        _connectors[language].Output.Split('\n').Any(l => l.StartsWith(Of(language, beginning), StringComparison.Ordinal));

    private static async Task BuildAsync()
    {
        foreach (var language in Languages)
        {
            await using var build = ProgramRun.Start(Path.Combine(Folder, language, "build"), []);
            var code = await build.ExitAsync(TimeSpan.FromMinutes(3));
            Assert.True(code == 0, $"examples/{language}/build ended with {code} (run eng/prepare first):\n{build.Output}\n{build.Errors}");
        }
    }
}
