namespace Border0.PdSidecar.DecisionLog;

/// <summary>Where records go. Called by one thread at a time.</summary>
internal interface IRecordSink : IDisposable
{
    /// <summary>What it is called in messages.</summary>
    string Name { get; }

    /// <summary>Writes whole lines: all of them or, throwing, none.</summary>
    /// <exception cref="IOException">It does not take them now.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    void Write(ReadOnlySpan<byte> lines);
}
