using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest.Wire;

namespace Border0.PdSidecar.PagerDuty.Rest;

/// <summary>
/// Asks PagerDuty's REST API with one key. What it returns has been checked against what was asked: a filter that the
/// server ignored lets no stranger in, and a damaged row leaves unknown what it is about. Safe from any thread.
/// </summary>
public sealed class PagerDutyClient
{
    private const string IncidentFilter = "service_ids[]";
    private const string OnCallFilter = "escalation_policy_ids[]";

    private readonly PagerDutyTransport _transport;
    private readonly PagerDutyClientOptions _options;

    internal PagerDutyClient(PagerDutyTransport transport, RateBudget budget, PagerDutyClientOptions options)
    {
        _transport = transport;
        Budget = budget;
        _options = options;
    }

    /// <summary>What the key may still spend.</summary>
    public RateBudget Budget { get; }

    internal PagerDutyTransport Transport => _transport;

    /// <summary>Splits service ids into lists that fit a request for incidents.</summary>
    public IReadOnlyList<ImmutableArray<string>> IncidentBatches(IEnumerable<string> serviceIds) =>
        QueryText.Batches(IncidentFilter, serviceIds, _options.MaxUrlLength);

    /// <summary>Splits escalation policy ids into lists that fit a request for on-call shifts.</summary>
    public IReadOnlyList<ImmutableArray<string>> OnCallBatches(IEnumerable<string> policyIds) =>
        QueryText.Batches(OnCallFilter, policyIds, _options.MaxUrlLength);

    /// <summary>Reads every open incident of some services, however old.</summary>
    public async Task<PagerDutyResult<Fetched<IncidentFacts>>> ListOpenIncidentsAsync(
        ImmutableArray<string> serviceIds, RequestPriority priority, CancellationToken cancellation)
    {
        // Without date_range=all PagerDuty looks back one month only. Oldest first: what opens meanwhile comes last.
        var path = new QueryText("incidents")
            .Add("statuses[]", "triggered").Add("statuses[]", "acknowledged")
            .Add("date_range", "all").Add("sort_by", "created_at:asc").Add("time_zone", "UTC")
            .Add("include[]", "users").Add("include[]", "assignees").Add("include[]", "acknowledgers")
            .AddAll(IncidentFilter, serviceIds).ToString();
        var rows = await _transport.GetAllAsync<WireIncidentPage, WireIncident>(
            path, WireJson.Default.WireIncidentPage, RequestLane.Incidents, priority, cancellation);
        if (!rows.IsOk)
        {
            return rows.As<Fetched<IncidentFacts>>();
        }

        return !rows.Value.Complete && serviceIds.Length > 1
            ? await SplitAsync(serviceIds, rows.Value.Pages, ids => ListOpenIncidentsAsync(ids, priority, cancellation))
            : PagerDutyResult<Fetched<IncidentFacts>>.Ok(
                FactsMapping.Incidents(rows.Value.Rows, serviceIds, rows.AsOf, rows.Value.Pages), rows.AsOf);
    }

    /// <summary>Reads who is on call for some escalation policies during a time.</summary>
    /// <param name="policyIds">The policies.</param>
    /// <param name="policyNames">Names known of them, for those that nobody is on call for.</param>
    /// <param name="since">Start of the time.</param>
    /// <param name="until">Its end.</param>
    /// <param name="priority">Who waits.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<PagerDutyResult<Fetched<EscalationPolicyFacts>>> ListOnCallsAsync(
        ImmutableArray<string> policyIds,
        IReadOnlyDictionary<string, string> policyNames,
        DateTimeOffset since,
        DateTimeOffset until,
        RequestPriority priority,
        CancellationToken cancellation)
    {
        var path = new QueryText("oncalls")
            .Add("time_zone", "UTC").Add("include[]", "users")
            .Add("since", Instant(since)).Add("until", Instant(until))
            .AddAll(OnCallFilter, policyIds).ToString();
        var rows = await _transport.GetAllAsync<WireOnCallPage, WireOnCall>(
            path, WireJson.Default.WireOnCallPage, RequestLane.OnCall, priority, cancellation);
        if (!rows.IsOk)
        {
            return rows.As<Fetched<EscalationPolicyFacts>>();
        }

        if (!rows.Value.Complete && policyIds.Length > 1)
        {
            return await SplitAsync(
                policyIds,
                rows.Value.Pages,
                ids => ListOnCallsAsync(ids, policyNames, since, until, priority, cancellation));
        }

        return PagerDutyResult<Fetched<EscalationPolicyFacts>>.Ok(
            FactsMapping.OnCalls(rows.Value.Rows, policyIds, policyNames, rows.AsOf, until, rows.Value.Pages), rows.AsOf);
    }

    /// <summary>Reads one service; <see cref="PagerDutyOutcome.NotFound"/> when there is none of that id.</summary>
    public async Task<PagerDutyResult<ServiceAnswer>> GetServiceAsync(
        string serviceId, RequestPriority priority, CancellationToken cancellation)
    {
        var result = await _transport.GetAsync(
            "services/" + Uri.EscapeDataString(serviceId),
            WireJson.Default.WireServiceAnswer,
            RequestLane.Services,
            priority,
            cancellation);
        if (!result.IsOk)
        {
            return result.As<ServiceAnswer>();
        }

        return ServiceAnswer.Of(result.Value.Service, result.AsOf) is { } service && service.Facts.Id == serviceId
            ? PagerDutyResult<ServiceAnswer>.Ok(service, result.AsOf)
            : PagerDutyResult<ServiceAnswer>.Failed(
                PagerDutyOutcome.Invalid, "PagerDuty's answer is not the service that was asked for.", result.AsOf);
    }

    /// <summary>Reads one page of the account's services, ordered by name.</summary>
    /// <param name="search">Part of the name; empty for all.</param>
    /// <param name="offset">How many to skip; offset + limit is at most 10,000 (PagerDuty's limit).</param>
    /// <param name="limit">How many to return at most, up to 100.</param>
    /// <param name="priority">Who waits.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<PagerDutyResult<ServicesListing>> ListServicesAsync(
        string search, int offset, int limit, RequestPriority priority, CancellationToken cancellation)
    {
        var query = new QueryText("services").Add("sort_by", "name").Add("limit", $"{limit}").Add("offset", $"{offset}");
        if (search.Length > 0)
        {
            query.Add("query", search);
        }

        var result = await _transport.GetAsync(
            query.ToString(), WireJson.Default.WireServicePage, RequestLane.Services, priority, cancellation);
        if (!result.IsOk)
        {
            return result.As<ServicesListing>();
        }

        if (result.Value.Services is not { } rows)
        {
            return PagerDutyResult<ServicesListing>.Failed(
                PagerDutyOutcome.Invalid, "PagerDuty's answer lacks the list that was asked for.", result.AsOf);
        }

        var more = rows.Count > 0 && (result.Value.More ?? rows.Count >= limit);
        var services = rows.Select(r => ServiceAnswer.Of(r, result.AsOf)).OfType<ServiceAnswer>();
        return PagerDutyResult<ServicesListing>.Ok(
            new ServicesListing([.. services], more ? offset + rows.Count : null), result.AsOf);
    }

    private static async Task<PagerDutyResult<Fetched<T>>> SplitAsync<T>(
        ImmutableArray<string> ids, int spent, Func<ImmutableArray<string>, Task<PagerDutyResult<Fetched<T>>>> list)
    {
        var half = ids.Length / 2;
        var first = await list(ids[..half]);
        if (!first.IsOk)
        {
            return first;
        }

        var second = await list(ids[half..]);
        return second.IsOk
            ? PagerDutyResult<Fetched<T>>.Ok(
                new([.. first.Value.Facts, .. second.Value.Facts], spent + first.Value.Requests + second.Value.Requests)
                {
                    Damage = first.Value.Damage.Length > 0 ? first.Value.Damage : second.Value.Damage,
                },
                first.AsOf)
            : second;
    }

    private static string Instant(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
