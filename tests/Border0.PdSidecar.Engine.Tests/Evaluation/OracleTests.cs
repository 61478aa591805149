using Border0.PdSidecar.Engine.Evaluation;
using CsCheck;

namespace Border0.PdSidecar.Engine.Tests.Evaluation;

/// <summary>The evaluator against the oracle, over random worlds.</summary>
public class OracleTests
{
    private static readonly int Worlds = Soak.Runs(4_000, 4_000);

    [Fact]
    public void Decision_IsTheOracles() => Gen.Int.Sample(
        seed =>
        {
            var world = new World(seed);
            var decision = Decide(world, world.At);
            var granting = Oracle.Granting(world, world.At, world.At);

            Assert.Equal(granting.Count > 0, decision.Allowed);
            Assert.Equal(granting.Order(StringComparer.Ordinal), decision.Grants.PolicyNames);
            Assert.Equal(
                world.Policies.Where(p => granting.Contains(p.Name)).SelectMany(p => p.Actions)
                    .Where(a => a.Key == "*" || a.Key == world.Request.SocketType)
                    .SelectMany(a => a.Value.Values.Select(v => $"{a.Key}:{v}")).Distinct().Order(StringComparer.Ordinal),
                decision.Grants.Actions.SelectMany(a => a.Value.Values.Select(v => $"{a.Key}:{v}")).Order(StringComparer.Ordinal));
            Assert.NotEmpty(Evaluator.Explain(decision, world.Request));
        },
        iter: Worlds);

    [Fact]
    public void ValidUntil_IsWhereTheOracleFirstDenies() => Gen.Int.Sample(
        seed =>
        {
            var world = new World(seed);
            var decision = Decide(world, world.At);
            if (!decision.Allowed)
            {
                Assert.Null(decision.ValidUntil);
                return;
            }

            // Growing staleness is no known end: the oracle looks ahead on the facts of now.
            var first = Instants(world).FirstOrDefault(t => Oracle.Granting(world, t, world.At).Count == 0);
            if (first != default)
            {
                Assert.Equal(first, decision.ValidUntil);
            }
            else
            {
                Assert.True(decision.ValidUntil is null || decision.ValidUntil > Instants(world).Last(), $"{decision.ValidUntil} is no end");
            }
        },
        iter: Worlds);

    [Fact]
    public void NothingChangesBeforeNextChange() => Gen.Int.Sample(
        seed =>
        {
            var world = new World(seed);
            var decision = Decide(world, world.At);
            foreach (var instant in Instants(world).TakeWhile(t => decision.NextChange is not { } next || t < next))
            {
                Assert.Equal(Oracle.Granting(world, instant, instant).Order(StringComparer.Ordinal), decision.Grants.PolicyNames);
            }
        },
        iter: Worlds);

    [Fact]
    public void Test_OfASinglePolicy_AgreesWithEvaluate() => Gen.Int.Sample(
        seed =>
        {
            var world = new World(seed);
            foreach (var policy in world.Policies)
            {
                var test = Evaluator.Test(policy, world.Snapshot, world.Known, world.Request, world.At, world.At);
                var alone = Evaluator.Test(policy, world.Snapshot, world.Known, world.Request with { SocketId = "elsewhere" }, world.At, world.At);

                Assert.Equal(test, alone);
                Assert.Equal(test.Decision == V1.Decision.Allow, test.Trace.Holds && test.Trace.Grants);
                Assert.Equal(Oracle.Grants(policy, world.Request.SocketType), test.Trace.Grants);
                Assert.NotEmpty(test.Reasons);
                Assert.Equal(policy.Integrations.Count, test.Trace.Conditions.Count(c => c.Condition.StartsWith("integrations", StringComparison.Ordinal)));
                if (world.Purpose == EvaluationPurpose.NewConnection)
                {
                    Assert.Equal(
                        Oracle.Granting(world, world.At, world.At).Contains(policy.Name),
                        test.Decision == V1.Decision.Allow && Decide(world, world.At).Grants.PolicyNames.Contains(policy.Name));
                }
            }
        },
        iter: Worlds);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Evaluate_OnceWarm_AllocatesNothing(bool allowed)
    {
        var world = Enumerable.Range(0, 10_000).Select(seed => new World(seed)).First(w =>
            w.Request.SocketTags is null && w.Policies.Count == 3 && Decide(w, w.At).Allowed == allowed && w.Policies.Any(p => p.Integrations.Count == 2)
            && (!allowed || Decide(w, w.At).Grants.PolicyNames.Count > 1));
        for (var i = 0; i < 1_000; i++)
        {
            Decide(world, world.At);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            Decide(world, world.At);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Engine.Evaluation.Decision Decide(World world, DateTimeOffset at) =>
        Evaluator.Evaluate(world.Snapshot, world.Known, world.Request, world.Purpose, at, world.Opened);

    /// <summary>Every second of half an hour, and the odd instants in between that facts' ages make.</summary>
    private static IEnumerable<DateTimeOffset> Instants(World world)
    {
        for (var second = 0; second < 1800; second++)
        {
            yield return world.At.AddSeconds(second);
        }
    }
}
