namespace Border0.PdSidecar.DecisionLog;

/// <summary>Which decisions are recorded. Revocations, changes and gaps always are.</summary>
public enum DecisionLogFilter
{
    /// <summary>Every decision.</summary>
    All,

    /// <summary>Those that deny.</summary>
    Denies,
}
