namespace Border0.PdSidecar.Storage.Secrets;

/// <summary>What a rotation of the keys has done so far. Ended at any of these, it leaves a directory that opens, and can be run again.</summary>
public enum RotationStep
{
    /// <summary>Every secret opens with the keys that are there; nothing is changed yet.</summary>
    Checked,

    /// <summary>The new key is in the file, as the active one; the secrets are under the old ones still.</summary>
    KeyAdded,

    /// <summary>The secrets are sealed again, but that is not committed.</summary>
    Sealed,

    /// <summary>Every secret is under the new key, for good.</summary>
    Committed,

    /// <summary>What was sealed under the old keys is gone from the database's files.</summary>
    Wiped,

    /// <summary>The old keys are gone from the key file.</summary>
    OldKeysRemoved,
}
