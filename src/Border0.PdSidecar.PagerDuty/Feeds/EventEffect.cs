namespace Border0.PdSidecar.PagerDuty.Feeds;

/// <summary>What became of an event.</summary>
internal enum EventEffect
{
    /// <summary>Nothing: late, or of a service that is not watched.</summary>
    None,

    /// <summary>Too old to be believed over polls: PagerDuty is to be asked.</summary>
    Look,

    /// <summary>Applied.</summary>
    Applied,

    /// <summary>Applied, but it names users whose e-mail address is not known yet.</summary>
    AppliedInPart,
}
