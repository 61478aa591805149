namespace Border0.PdSidecar.Access.Tls;

/// <summary>Something that is made of files and made again when they change.</summary>
internal interface IReloaded
{
    /// <summary>The configuration's key that names the files.</summary>
    string Key { get; }

    /// <summary>Why the files' present content is not in force; null while it is.</summary>
    string? Trouble { get; }

    /// <summary>Looks whether the files have changed, and takes what they hold now.</summary>
    void Look();
}
