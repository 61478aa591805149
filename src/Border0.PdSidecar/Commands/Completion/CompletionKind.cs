namespace Border0.PdSidecar.Commands.Completion;

/// <summary>What a shell knows better than we do.</summary>
internal enum CompletionKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Names of files.</summary>
    Files,

    /// <summary>Names of folders.</summary>
    Folders,
}
