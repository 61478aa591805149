namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>
/// Gives equal names as one string, as far as it remembers them: every request brings its own copies of the same users, sockets and
/// connectors, and sessions keep them for hours. Takes no lock; a name that is pushed out by another costs memory only.
/// </summary>
internal sealed class Names
{
    private const int Most = 4096;
    private const int LongestKept = 128;
    private readonly string?[] _known = new string?[Most];

    /// <summary>The same text, mostly a string that is held already.</summary>
    public string Of(string name)
    {
        if (name.Length is 0 or > LongestKept)
        {
            return name;
        }

        ref var known = ref _known[(uint)name.GetHashCode(StringComparison.Ordinal) % Most];
        if (Volatile.Read(ref known) is { } same && same == name)
        {
            return same;
        }

        Volatile.Write(ref known, name);
        return name;
    }
}
