using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.PagerDuty.Probe;

/// <summary>Asks PagerDuty about a key and an account on an administrator's behalf. Only ever reads.</summary>
public sealed class PagerDutyProbe
{
    /// <summary>Asks through the clients that the feeds use, so that the key's rate budget is shared.</summary>
    public PagerDutyProbe(PagerDutyClients clients, TimeProvider time) => throw new NotImplementedException();

    /// <summary>
    /// Answers CheckIntegration: everything but <c>status</c>. A bad key or an unreachable PagerDuty is an answer, not an
    /// error.
    /// </summary>
    public Task<CheckIntegrationResponse> CheckAsync(Uri baseUrl, string apiKey, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Reads a page of the account's services, ordered by name.</summary>
    /// <param name="baseUrl">PagerDuty's address.</param>
    /// <param name="apiKey">The key.</param>
    /// <param name="search">Part of the name; empty for all.</param>
    /// <param name="offset">How many to skip, from 0.</param>
    /// <param name="limit">How many to return at most, from 1 to 100.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<PagerDutyResult<ServicesPage>> ListServicesAsync(
        Uri baseUrl, string apiKey, string search, int offset, int limit, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Whether a service exists: Ok true or false, or why it cannot be told.</summary>
    public Task<PagerDutyResult<bool>> ServiceExistsAsync(
        Uri baseUrl, string apiKey, string serviceId, CancellationToken cancellation) => throw new NotImplementedException();
}
