namespace Border0.PdSidecar.Commands.Terminals;

/// <summary>What a text says to somebody who only looks at colours.</summary>
internal enum Tone
{
    /// <summary>Nothing.</summary>
    Plain,

    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Not as it should be.</summary>
    Bad,

    /// <summary>To be looked at.</summary>
    Notable,

    /// <summary>Beside the point.</summary>
    Quiet,
}
