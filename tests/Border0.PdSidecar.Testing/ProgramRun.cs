using System.Collections.Concurrent;
using System.Diagnostics;

namespace Border0.PdSidecar.Testing;

/// <summary>A program that runs as a child process, with its output kept for the assertion messages.</summary>
public sealed class ProgramRun : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();

    private ProgramRun(Process process) => _process = process;

    public int Id => _process.Id;

    public string Output => string.Join('\n', _output);

    public string Errors => string.Join('\n', _errors);

    public bool HasExited => _process.HasExited;

    public static ProgramRun Start(
        string program,
        IEnumerable<string> arguments,
        string? input = null,
        IReadOnlyDictionary<string, string>? environment = null,
        string? workingDirectory = null,
        bool keepsInputOpen = false)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory ?? Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var run = new ProgramRun(new Process { StartInfo = start });
        run._process.OutputDataReceived += (_, line) => Keep(run._output, line.Data);
        run._process.ErrorDataReceived += (_, line) => Keep(run._errors, line.Data);
        run._process.Start();
        run._process.BeginOutputReadLine();
        run._process.BeginErrorReadLine();
        run.Give(input, keepsInputOpen);
        return run;
    }

    /// <summary>Types a line. For a program that was started with its input open.</summary>
    public void Type(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Gives the input to read. A program that has ended without reading it, since its arguments are wrong, say, has not failed by that.</summary>
    private void Give(string? input, bool keepsOpen)
    {
        try
        {
            _process.StandardInput.Write(input);
            if (!keepsOpen)
            {
                CloseInput();
            }
        }
        catch (IOException) when (_process.WaitForExit(TimeSpan.FromSeconds(60)))
        {
            return;
        }
    }

    /// <summary>The program reads the end of its input.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Waits for the end, a minute unless told otherwise, and returns the exit code.</summary>
    public async Task<int> ExitAsync(TimeSpan? atMost = null)
    {
        var patience = atMost ?? TimeSpan.FromSeconds(60);
        using var bound = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"still running after {patience}\n{Output}\n{Errors}");
        }

        return _process.ExitCode;
    }

    /// <summary>SIGKILL: nothing of the program runs any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM: asks the program to stop.</summary>
    public void Terminate() => Signal("TERM");

    /// <summary>SIGABRT: the program ends as on a failed assertion of its runtime.</summary>
    public void Abort() => Signal("ABRT");

    /// <summary>SIGSTOP: the program stands still with its connections open, as on a machine that hangs.</summary>
    public void Freeze() => Signal("STOP");

    /// <summary>SIGCONT: the program goes on.</summary>
    public void Thaw() => Signal("CONT");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Signal(string name) => Process.Start("kill", ["-" + name, Id.ToString()]).WaitForExit();

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }
}
