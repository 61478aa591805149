using BenchmarkDotNet.Attributes;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Decision = Border0.PdSidecar.Engine.Evaluation.Decision;

namespace Border0.PdSidecar.Benchmarks;

/// <summary>The decision alone, for a socket with three policies of two conditions each, however many other policies there are.</summary>
public class EvaluatorBenchmarks
{
    private readonly DateTimeOffset _now = TimeProvider.System.GetUtcNow();
    private readonly AccessRequest _request = World.Request;
    private readonly AccessRequest _stranger = World.Request with { UserEmail = "mallory@example.com" };
    private PolicySnapshot _policies = PolicySnapshot.Empty;
    private FactsSnapshot _facts = FactsSnapshot.Empty;

    [Params(10, 100_000)]
    public int Policies { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var catalog = new PolicyCatalog();
        catalog.Replace(World.Policies(Policies), [World.Settings]);
        var facts = new FactsStore();
        facts.Apply(World.Settings.Key, World.Facts(Policies, _now));
        (_policies, _facts) = (catalog.Current, facts.Current);
        if (!Allow().Allowed || Deny().Allowed)
        {
            throw new InvalidOperationException("the world to measure in is not as it should be");
        }
    }

    [Benchmark]
    public Decision Allow() => Evaluator.Evaluate(_policies, _facts, _request, EvaluationPurpose.NewConnection, _now);

    [Benchmark]
    public Decision Deny() => Evaluator.Evaluate(_policies, _facts, _stranger, EvaluationPurpose.NewConnection, _now);

    [Benchmark]
    public int AllowWithReasons() => Evaluator.Explain(Allow(), _request).Count;
}
