using BenchmarkDotNet.Loggers;

namespace Border0.PdSidecar.Benchmarks;

/// <summary>Prints errors only, without the account of every iteration.</summary>
internal sealed class ErrorsOnly : ILogger
{
    public string Id => nameof(ErrorsOnly);

    public int Priority => 0;

    public void Write(LogKind logKind, string text)
    {
        if (logKind == LogKind.Error)
        {
            Console.Error.Write(text);
        }
    }

    public void WriteLine()
    {
    }

    public void WriteLine(LogKind logKind, string text)
    {
        if (logKind == LogKind.Error)
        {
            Console.Error.WriteLine(text);
        }
    }

    public void Flush() => Console.Error.Flush();
}
