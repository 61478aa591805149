using System.Globalization;
using System.Text.Json.Nodes;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Tests.Evaluation;

/// <summary>The semantics, as data: to add a case, write a line into Cases/*.json.</summary>
public class EvaluationCaseTests
{
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var (topic, name) in EvaluationCase.All())
        {
            data.Add(topic, name);
        }

        return data;
    }

    [Fact]
    public void Cases_AreManyAndNamedApart()
    {
        var all = EvaluationCase.All().ToList();

        Assert.True(all.Count >= 190, $"only {all.Count} cases");
        Assert.Equal(all.Count, all.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Case(string topic, string name)
    {
        var one = EvaluationCase.Of(topic, name);
        var (request, want) = (one.Request(), one.Want);

        var decision = Evaluator.Evaluate(one.Policies(), one.Facts(), request, one.Purpose, one.At, one.Opened);
        var reasons = Evaluator.Explain(decision, request);

        Assert.Equal(want["allow"]!.GetValue<bool>(), decision.Allowed);
        Assert.NotEmpty(reasons);
        Assert.All(reasons, r => Assert.False(string.IsNullOrWhiteSpace(r.Message)));
        foreach (var (key, value) in want)
        {
            Check(key, value, one, decision, reasons);
        }
    }

    private static void Check(string key, JsonNode? value, EvaluationCase one, Engine.Evaluation.Decision decision, IReadOnlyList<Reason> reasons)
    {
        switch (key)
        {
            case "allow":
                break;
            case "reasons":
                Assert.Equal(Texts(value), reasons.Select(r => Words(r.Code)));
                break;
            case "says":
                Assert.Contains(reasons, r => r.Message.Contains(value!.GetValue<string>(), StringComparison.Ordinal));
                break;
            case "valid_until":
                Assert.Equal(one.Instant(value!.GetValue<string>()), decision.ValidUntil);
                break;
            case "no_end":
                Assert.Null(decision.ValidUntil);
                break;
            case "next_change":
                Assert.Equal(one.Instant(value!.GetValue<string>()), decision.NextChange);
                break;
            case "next_change_at_most":
                Assert.True(decision.NextChange <= one.Instant(value!.GetValue<string>()));
                break;
            case "facts_age":
                Assert.Equal(value?.GetValue<double>(), (one.At - decision.FactsTime)?.TotalSeconds);
                break;
            case "awaits":
                Assert.Equal(value!.GetValue<bool>(), decision.AwaitsFacts);
                break;
            case "shadow":
                Assert.Equal(value!.GetValue<int>(), decision.ShadowDenials);
                break;
            case "policies":
                Assert.Equal(Texts(value), decision.Grants.PolicyNames);
                break;
            case "permissions":
                Assert.Equal(Texts(value), decision.Grants.Permissions.Keys);
                break;
            case "actions":
                Assert.Equal(
                    value!.AsObject().ToDictionary(a => a.Key, a => string.Join(' ', Texts(a.Value).Order(StringComparer.Ordinal))),
                    decision.Grants.Actions.ToDictionary(a => a.Key, a => string.Join(' ', a.Value.Values.Order(StringComparer.Ordinal))));
                break;
            default:
                Assert.Fail($"the case wants {key}, which is not known here");
                break;
        }
    }

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(t => t!.GetValue<string>());

    /// <summary>"NotOnCall" is "NOT_ON_CALL".</summary>
    private static string Words(ReasonCode code) =>
        string.Concat(code.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + c : c.ToString(CultureInfo.InvariantCulture))).ToUpperInvariant();
}
