using System.Diagnostics.CodeAnalysis;

namespace Border0.PdSidecar.Access;

/// <summary>What a caller may do; <see cref="MethodRoles"/> says what that is. No role holds another.</summary>
[Flags]
[SuppressMessage("Naming", "CA1711", Justification = "They are roles.")]
public enum Roles
{
    /// <summary>Nothing but what everybody may.</summary>
    None = 0,

    /// <summary>Looks: reads integrations, policies and sessions, and tries policies.</summary>
    Viewer = 1,

    /// <summary>Asks for decisions, and looks after the sessions of its connector id.</summary>
    Connector = 2,

    /// <summary>Changes integrations and policies, and ends anybody's session.</summary>
    Admin = 4,

    /// <summary>Every role.</summary>
    All = Viewer | Connector | Admin,
}
