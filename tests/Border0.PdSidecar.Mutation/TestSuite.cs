using System.Reflection;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Border0.PdSidecar.Mutation;

/// <summary>The tests that judge, run one at a time inside this process.</summary>
internal sealed class TestSuite
{
    private readonly XunitTestFramework _framework = new(new Sink());
    private readonly ITestFrameworkExecutor _executor;
    private readonly Options _options = new();

    /// <summary>Finds them.</summary>
    /// <param name="tests">Their assembly.</param>
    /// <param name="wanted">What the full names of their classes contain.</param>
    public TestSuite(Assembly tests, string wanted)
    {
        var found = new Sink();
        _framework.GetDiscoverer(Reflector.Wrap(tests)).Find(includeSourceInformation: false, found, _options);
        found.Ended.Wait();
        _executor = _framework.GetExecutor(tests.GetName());

        // Tests of many threads, and of allocations, are left out: the first are no judges of one run, and the switch between mutants allocates.
        Cases = found.Cases.Where(c => c.TestMethod.TestClass.Class.Name.Contains(wanted, StringComparison.Ordinal))
            .Where(c => !$"{c.TestMethod.TestClass.Class.Name}.{c.DisplayName}".Contains("Concurrency", StringComparison.Ordinal))
            .Where(c => !c.DisplayName.Contains("Allocates", StringComparison.Ordinal)).OrderBy(c => c.UniqueID, StringComparer.Ordinal).ToDictionary(c => c.UniqueID);
    }

    /// <summary>By their ids.</summary>
    public IReadOnlyDictionary<string, ITestCase> Cases { get; }

    /// <summary>Runs one; the message of its failure, or null.</summary>
    public string? Run(ITestCase test)
    {
        var sink = new Sink();
        _executor.RunTests([test], sink, _options);
        sink.Ended.Wait();
        return sink.Failure;
    }

    private sealed class Sink : LongLivedMarshalByRefObject, IMessageSink
    {
        public List<ITestCase> Cases { get; } = [];

        public ManualResetEventSlim Ended { get; } = new();

        public string? Failure { get; private set; }

        public bool OnMessage(IMessageSinkMessage message)
        {
            switch (message)
            {
                case ITestCaseDiscoveryMessage discovered:
                    Cases.Add(discovered.TestCase);
                    break;
                case IFailureInformation failed:
                    Failure ??= string.Join(" / ", failed.Messages);
                    break;
                case IDiscoveryCompleteMessage or ITestAssemblyFinished:
                    Ended.Set();
                    break;
            }

            return true;
        }
    }

    private sealed class Options : LongLivedMarshalByRefObject, ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = new()
        {
            ["xunit.discovery.PreEnumerateTheories"] = true,
            ["xunit.execution.DisableParallelization"] = true,
            ["xunit.execution.SynchronousMessageReporting"] = true,
        };

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out var value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
