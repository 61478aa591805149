namespace Border0.PdSidecar.Access;

/// <summary>Who a request's credentials are: a caller, or what is wrong with them, or neither when there are none.</summary>
/// <param name="Caller">The caller.</param>
/// <param name="Wrong">What is wrong with the credentials, as a sentence.</param>
internal readonly record struct Resolution(Caller? Caller, string? Wrong = null);
