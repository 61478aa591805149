namespace Border0.PdSidecar.DecisionLog;

/// <summary>Why records are missing.</summary>
internal enum GapCause
{
    /// <summary>There was no room for them.</summary>
    QueueFull,

    /// <summary>What they were to be written to did not take them.</summary>
    NotWritten,
}
