namespace Border0.PdSidecar.Load.Scenarios;

/// <summary>How long the run takes: for development, or for the page of figures.</summary>
internal sealed record Length(bool Full)
{
    /// <summary>Rounds of each load, interleaved over the servers.</summary>
    public int Rounds => Full ? 5 : 3;

    /// <summary>What is measured of each round, after the warm-up.</summary>
    public TimeSpan Round => TimeSpan.FromSeconds(Full ? 1.2 : 0.8);

    public static TimeSpan WarmUp => TimeSpan.FromSeconds(0.3);

    public TimeSpan PacedRound => TimeSpan.FromSeconds(Full ? 6 : 4);

    public T Pick<T>(T full, T quick) => Full ? full : quick;
}
