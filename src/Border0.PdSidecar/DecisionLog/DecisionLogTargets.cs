namespace Border0.PdSidecar.DecisionLog;

/// <summary>Where the decision log goes.</summary>
[Flags]
public enum DecisionLogTargets
{
    /// <summary>Nowhere: nothing is recorded.</summary>
    None = 0,

    /// <summary>A file that is rotated.</summary>
    File = 1,

    /// <summary>Standard output.</summary>
    Stdout = 2,
}
