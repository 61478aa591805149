namespace Border0.PdSidecar.Engine.Facts;

/// <summary>A user as PagerDuty knows them.</summary>
/// <param name="Id">PagerDuty's opaque id.</param>
/// <param name="Name">The name, or empty.</param>
/// <param name="Email">
/// The e-mail address in lower case, or empty when PagerDuty gave a reference only (a deleted user stays a
/// reference; see PagerDuty's "Endpoints"). An empty one matches nobody.
/// </param>
public sealed record PagerDutyUser(string Id, string Name, string Email);
