namespace Border0.PdSidecar.Access;

/// <summary>Who may call a method.</summary>
/// <param name="AnyOf">A caller with any of these roles.</param>
/// <param name="IsOpen">Everybody that may connect, without credentials too.</param>
internal sealed record MethodRule(Roles AnyOf, bool IsOpen)
{
    /// <summary>Everybody that may connect.</summary>
    public static readonly MethodRule Open = new(Roles.None, IsOpen: true);

    /// <summary>Nobody.</summary>
    public static readonly MethodRule Closed = new(Roles.None, IsOpen: false);
}
