using System.Text.RegularExpressions;
using Border0.PdSidecar.V1;
using Google.Protobuf.Reflection;

namespace Border0.PdSidecar.Tests.Documentation;

/// <summary>docs/operations.md has every word that somebody may look up there.</summary>
public partial class RunbookTests
{
    private static readonly string Runbook = File.ReadAllText(Repository.File("docs/operations.md"));

    public static TheoryData<string> Words =>
    [
        .. ValuesOf<ReasonCode>(DecisionReflection.Descriptor, "REASON_CODE_")
            .Concat(ValuesOf<RevocationCause>(SessionReflection.Descriptor, "REVOCATION_CAUSE_"))
            .Concat(ValuesOf<IntegrationState>(IntegrationReflection.Descriptor, "INTEGRATION_STATE_"))
            .Concat(ErrorReasons()).Concat(Alerts()).Distinct(),
    ];

    [Theory]
    [MemberData(nameof(Words))]
    public void Word_IsExplained(string word) =>
        Assert.True(Runbook.Contains($"`{word}`", StringComparison.Ordinal), $"docs/operations.md does not say what {word} means and what to do");

    [Fact]
    public void Words_AreFoundWhereTheyAreMade()
    {
        Assert.Contains("SESSION_KEY_IN_USE", ErrorReasons());
        Assert.Contains("ROLE_REQUIRED", ErrorReasons());
        Assert.Contains("POLICY_NOT_FOUND", ErrorReasons());
        Assert.True(ErrorReasons().Count() > 20);
    }

    private static IEnumerable<string> ValuesOf<T>(FileDescriptor file, string prefix) =>
        file.EnumTypes.Single(e => e.ClrType == typeof(T)).Values.Where(v => v.Number != 0).Select(v => v.Name[prefix.Length..]);

    /// <summary>What stands in the source as the reason of an error that a caller gets.</summary>
    private static IEnumerable<string> ErrorReasons() => Directory.GetFiles(Repository.File("src/Border0.PdSidecar"), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .Select(File.ReadAllText)
        .SelectMany(text => MadeHere().Matches(text).Select(m => m.Groups.Values.Last(g => g.Success).Value))
        .Concat(["INTEGRATION_NOT_FOUND", "POLICY_NOT_FOUND", "SESSION_NOT_FOUND", "INTEGRATION_ALREADY_EXISTS", "POLICY_ALREADY_EXISTS"])
        .Distinct().Order(StringComparer.Ordinal);

    private static IEnumerable<string> Alerts() => File.Exists(Repository.File("deploy/prometheus/pdsidecar.rules.yml"))
        ? Alert().Matches(File.ReadAllText(Repository.File("deploy/prometheus/pdsidecar.rules.yml"))).Select(m => m.Groups[1].Value)
        : [];

    [GeneratedRegex("""(?:RpcErrors\.(?:Precondition|Unauthenticated|PermissionDenied|Unavailable|Exhausted)\(\s*|Error\(\s*Code\.\w+,\s*|Reason = )"([A-Z][A-Z_]+)"|(?:"(TOO_MANY_[A-Z]+)"|"([A-Z]+_BUSY)")""")]
    private static partial Regex MadeHere();

    [GeneratedRegex(@"(?m)^ *- alert: (\w+)")]
    private static partial Regex Alert();
}
