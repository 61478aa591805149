using BenchmarkDotNet.Attributes;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Benchmarks;

/// <summary>Compiling all policies at start, and the whole snapshot again after one policy was written.</summary>
public class CompilationBenchmarks
{
    private readonly PolicyCatalog _warm = new();
    private List<Policy> _policies = [];
    private List<Policy> _changed = [];

    [Params(10, 1_000, 100_000)]
    public int Policies { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _policies = World.Policies(Policies);
        var other = _policies[0].Clone();
        other.Etag = "2";
        _changed = [other, .. _policies.Skip(1)];
        _warm.Replace(_policies, [World.Settings]);
    }

    [Benchmark]
    public PolicyChange All() => new PolicyCatalog().Replace(_policies, [World.Settings]);

    [Benchmark]
    public PolicyChange OneChanged()
    {
        (_policies, _changed) = (_changed, _policies);
        return _warm.Replace(_policies, [World.Settings]);
    }
}
