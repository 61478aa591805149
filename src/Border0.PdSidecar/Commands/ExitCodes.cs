namespace Border0.PdSidecar.Commands;

/// <summary>What the process answers a script with. Documented in docs/command-line.md; never renumbered.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Something else went wrong; standard error says what.</summary>
    public const int Failed = 1;

    /// <summary>The arguments, or what was sent, are not acceptable.</summary>
    public const int Wrong = 2;

    /// <summary>The sidecar, or PagerDuty behind it, was not reached or did not answer in time.</summary>
    public const int NoAnswer = 3;

    /// <summary>The sidecar does not know who calls, or does not let them.</summary>
    public const int NotAllowed = 4;

    /// <summary>There is nothing of that name.</summary>
    public const int NotFound = 5;

    /// <summary>It exists already, was changed meanwhile, or is in a state that forbids it.</summary>
    public const int Conflict = 6;

    /// <summary>A limit was reached.</summary>
    public const int Exhausted = 7;

    /// <summary>Some of it was done, and some was not.</summary>
    public const int PartlyDone = 8;

    /// <summary>The decision is a deny.</summary>
    public const int Denied = 9;

    /// <summary>A dry run would change something.</summary>
    public const int Different = 10;

    /// <summary>Interrupted.</summary>
    public const int Interrupted = 130;

    /// <summary>Every code with its meaning, for the help and the documentation.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Done, "done; for evaluate and test: allowed"),
        (Failed, "something else went wrong"),
        (Wrong, "the arguments, or what was sent, are not acceptable"),
        (NoAnswer, "the sidecar, or PagerDuty behind it, was not reached or did not answer in time"),
        (NotAllowed, "the sidecar does not know the caller, or the caller lacks the role"),
        (NotFound, "there is nothing of that name"),
        (Conflict, "it exists already, was changed meanwhile, or is in a state that forbids it"),
        (Exhausted, "a limit was reached"),
        (PartlyDone, "apply: some changes were made, and some were not"),
        (Denied, "evaluate and test: denied"),
        (Different, "apply --dry-run: something is not as the files say"),
        (Interrupted, "interrupted"),
    ];
}
