namespace Border0.PdSidecar.Fuzz.Running;

/// <summary>The product did what it must not.</summary>
internal sealed class FuzzFinding(string what) : Exception(what)
{
    /// <summary>Complains unless something holds.</summary>
    public static void Unless(bool holds, string what)
    {
        if (!holds)
        {
            throw new FuzzFinding(what);
        }
    }
}
