namespace Border0.PdSidecar.Simulator.Faults;

/// <summary>What goes wrong.</summary>
public enum FaultKind
{
    /// <summary>The answer comes late, by <see cref="Fault.Delay"/>.</summary>
    Slow,

    /// <summary>The head comes at once, the second half of the body later, by <see cref="Fault.Delay"/>.</summary>
    SlowBody,

    /// <summary>No answer ever comes.</summary>
    Hang,

    /// <summary>The connection is reset.</summary>
    Reset,

    /// <summary>An error status with PagerDuty's error body.</summary>
    Status,

    /// <summary>An error status with an empty HTML body.</summary>
    HtmlStatus,

    /// <summary>An error status whose message repeats the Authorization header, as a proxy that somebody debugs may.</summary>
    Echo,

    /// <summary>429 without rate-limit headers and body.</summary>
    BareTooManyRequests,

    /// <summary>The body ends half-way.</summary>
    TruncatedBody,

    /// <summary>The body is not JSON.</summary>
    GarbledBody,

    /// <summary>The body is right, its content type is not.</summary>
    WrongContentType,

    /// <summary>The first row of the list lacks its id.</summary>
    MissingField,

    /// <summary>The rows of the list come twice.</summary>
    DuplicateRows,

    /// <summary>The first row of the list is left out.</summary>
    MissingRow,
}

/// <summary>Something that goes wrong with some requests.</summary>
public sealed class Fault
{
    /// <summary>What goes wrong.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>Only requests whose path begins so; "/" for all.</summary>
    public string PathPrefix { get; init; } = "/";

    /// <summary>How likely it is, from 0 to 1.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>How many more requests it can hit; null for any number.</summary>
    public int? Remaining { get; set; }

    /// <summary>The status of <see cref="FaultKind.Status"/>, <see cref="FaultKind.HtmlStatus"/> and <see cref="FaultKind.Echo"/>.</summary>
    public int Status { get; init; } = 500;

    /// <summary>How late <see cref="FaultKind.Slow"/> answers and <see cref="FaultKind.SlowBody"/> ends come.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);
}
