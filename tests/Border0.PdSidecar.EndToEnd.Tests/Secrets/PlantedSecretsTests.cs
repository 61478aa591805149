namespace Border0.PdSidecar.EndToEnd.Tests.Secrets;

/// <summary>API keys, webhook secrets, tokens and storage keys are nowhere but encrypted at rest, and in memory while they are used.</summary>
public class PlantedSecretsTests
{
    /// <summary>Where the canary must be seen, or the scan would not have seen a secret there either.</summary>
    private static readonly string[] Sighted =
    [
        "log", "crash output", "an error status", "CreateIntegration", "ListIntegrations", "GetIntegration", "UpdateIntegration", "SyncIntegration", "Evaluate",
        "ListPolicies", "page /metrics", "/proc/PID/cmdline", "/proc/PID/environ", "file pdsidecar.db", "file sessions.db-wal", "file facts.db-wal",
        "command line", "WatchActivity",
    ];

    /// <summary>What was looked at as well, and has no reason to hold anything of the caller's.</summary>
    private static readonly string[] Looked =
    [
        "CheckIntegration", "ListPagerDutyServices", "WatchSessions", "RevokeSession", "ListSessions", "webhook answer", "reflection", "page /healthz", "page /readyz", "page /nothing",
        "file pdsidecar.db-wal", "file tokens.json", "refusal to start", "file endpoints.json", "pdsidecar keys rotate", "pdsidecar token list", "pdsidecar check", "page /console",
    ];

    [Fact]
    public async Task Secrets_AreNowhere_ThroughAWholeLife()
    {
        using var folder = new TemporaryFolder();
        var (planted, evidence) = (new Planted(), new Evidence());
        await using (var life = new SidecarLife(planted, evidence, folder))
        {
            await life.BeginAsync();
            await life.LiveAsync();
            await life.LiveOnAsync();
            await life.CrashAsync();
            await life.FailToStartAsync();
        }

        Assert.Empty(evidence.Scan(planted.Secrets));

        var sighted = evidence.Scan(planted.CanaryOnly).Select(f => f[(f.IndexOf(" in ", StringComparison.Ordinal) + 4)..]).ToHashSet();
        Assert.Empty(Sighted.Append("file " + planted.Canary).Except(sighted));
        Assert.Empty(Looked.Except(evidence.Places));
    }
}
