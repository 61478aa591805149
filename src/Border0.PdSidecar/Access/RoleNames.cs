namespace Border0.PdSidecar.Access;

/// <summary>Roles as people write and read them.</summary>
internal static class RoleNames
{
    private static readonly (Roles Role, string Name)[] Names = [(Roles.Admin, "admin"), (Roles.Connector, "connector"), (Roles.Viewer, "viewer")];

    /// <summary>"admin", "connector" and "viewer", in this order.</summary>
    public static string[] Of(Roles roles) => [.. Names.Where(n => roles.HasFlag(n.Role)).Select(n => n.Name)];

    /// <summary>"connector and viewer"; "no role".</summary>
    public static string Said(Roles roles, string between = "and") => Of(roles) switch
    {
        [] => "no role",
        [var only] => only,
        var names => $"{string.Join(", ", names[..^1])} {between} {names[^1]}",
    };

    /// <summary>Reads one role's name.</summary>
    public static bool TryRead(string name, out Roles role)
    {
        role = Names.FirstOrDefault(n => n.Name == name).Role;
        return role != Roles.None;
    }
}
