namespace Border0.PdSidecar.DecisionLog;

/// <summary>What happens to a decision that the queue has no room for.</summary>
public enum DecisionLogWhenFull
{
    /// <summary>Its caller waits until there is room. No thread does.</summary>
    Block,

    /// <summary>It is answered at once and not recorded; a gap record says how many are missing and of what time.</summary>
    DropAndCount,
}
