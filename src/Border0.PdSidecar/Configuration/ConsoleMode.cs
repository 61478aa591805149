namespace Border0.PdSidecar.Configuration;

/// <summary>Whether the web console is served.</summary>
public enum ConsoleMode
{
    /// <summary>While the HTTP listener is on loopback.</summary>
    Loopback,

    /// <summary>Wherever the HTTP listener is.</summary>
    On,

    /// <summary>Not at all.</summary>
    Off,
}
