namespace Border0.PdSidecar.Commands.Apply;

/// <summary>What happens to one integration or policy.</summary>
internal enum PlannedAction
{
    /// <summary>It is as it should be.</summary>
    None,

    /// <summary>It is not there yet.</summary>
    Create,

    /// <summary>It is there, and not as it should be.</summary>
    Update,

    /// <summary>It is there, apply put it there, and no file says so any more.</summary>
    Delete,
}
