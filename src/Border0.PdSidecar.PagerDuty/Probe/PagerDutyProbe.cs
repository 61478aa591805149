using Border0.PdSidecar.PagerDuty.Budget;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Rest.Wire;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.PagerDuty.Probe;

/// <summary>Asks PagerDuty about a key and an account on an administrator's behalf. Only ever reads.</summary>
public sealed class PagerDutyProbe
{
    private readonly PagerDutyClients _clients;
    private readonly TimeProvider _time;

    /// <summary>Asks through the clients that the feeds use, so that the key's rate budget is shared.</summary>
    public PagerDutyProbe(PagerDutyClients clients, TimeProvider time) => (_clients, _time) = (clients, time);

    /// <summary>
    /// Answers CheckIntegration: everything but <c>status</c>. A bad key or an unreachable PagerDuty is an answer, not an
    /// error.
    /// </summary>
    public async Task<CheckIntegrationResponse> CheckAsync(Uri baseUrl, string apiKey, CancellationToken cancellation)
    {
        var client = _clients.For(baseUrl, apiKey);
        var questions = new TimedQuestions(client.Transport, _time, cancellation);
        var report = new CheckIntegrationResponse();

        // 200: a user's key; 400: an account's ("made using an account-level access token").
        var me = await questions.AskAsync("users/me", WireJson.Default.WireUserAnswer);
        if (me.Outcome is PagerDutyOutcome.Ok or PagerDutyOutcome.Rejected or PagerDutyOutcome.Forbidden)
        {
            report.KeyValid = true;
            report.KeyKind = me.Outcome switch
            {
                PagerDutyOutcome.Ok => KeyKind.User,
                PagerDutyOutcome.Rejected => KeyKind.Account,
                _ => KeyKind.Unspecified,
            };
            await AskCapabilitiesAsync(questions, report, me.Value?.User);
            report.Usable = report.Capabilities.All(c => c.Ok || !c.Required);
            report.Message = KeyReport.Message(report);
        }
        else
        {
            report.Message = KeyReport.Failure(me.Outcome, me.Message);
        }

        report.Latency = Duration.FromTimeSpan(questions.Median);
        report.RateBudget = client.Budget.ToContract();
        return report;
    }

    /// <summary>Reads a page of the account's services, ordered by name.</summary>
    /// <param name="baseUrl">PagerDuty's address.</param>
    /// <param name="apiKey">The key.</param>
    /// <param name="search">Part of the name; empty for all.</param>
    /// <param name="offset">How many to skip, from 0; offset + limit is at most 10,000 (PagerDuty's limit).</param>
    /// <param name="limit">How many to return at most, from 1 to 100.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<PagerDutyResult<ServicesPage>> ListServicesAsync(
        Uri baseUrl, string apiKey, string search, int offset, int limit, CancellationToken cancellation)
    {
        var page = await _clients.For(baseUrl, apiKey)
            .ListServicesAsync(search, offset, limit, RequestPriority.OnDemand, cancellation);
        if (!page.IsOk)
        {
            return page.As<ServicesPage>();
        }

        var services = page.Value.Services.Select(s => new PagerDutyService
        {
            Id = s.Facts.Id,
            Name = s.Facts.Name,
            Status = s.Facts.Status,
            EscalationPolicyId = s.Facts.EscalationPolicyId ?? "",
            EscalationPolicyName = s.EscalationPolicyName,
            HtmlUrl = s.HtmlUrl,
        });
        var next = page.Value.NextOffset is { } at && at + limit <= Paging.MaxOffsetAndLimit ? at : (int?)null;
        return PagerDutyResult<ServicesPage>.Ok(new ServicesPage([.. services], next), page.AsOf);
    }

    /// <summary>Whether a service exists: Ok true or false, or why it cannot be told.</summary>
    public async Task<PagerDutyResult<bool>> ServiceExistsAsync(
        Uri baseUrl, string apiKey, string serviceId, CancellationToken cancellation)
    {
        var answer = await _clients.For(baseUrl, apiKey)
            .GetServiceAsync(serviceId, RequestPriority.OnDemand, cancellation);
        return answer.Outcome switch
        {
            PagerDutyOutcome.Ok => PagerDutyResult<bool>.Ok(true, answer.AsOf),
            PagerDutyOutcome.NotFound => PagerDutyResult<bool>.Ok(false, answer.AsOf),
            _ => answer.As<bool>(),
        };
    }

    private static async Task AskCapabilitiesAsync(
        TimedQuestions questions, CheckIntegrationResponse report, WireUser? me)
    {
        void Add<T>(string name, bool required, PagerDutyResult<T> answer, bool listIsThere)
        {
            var outcome = answer.IsOk && !listIsThere ? PagerDutyOutcome.Invalid : answer.Outcome;
            var message = outcome == PagerDutyOutcome.Invalid && answer.IsOk
                ? "PagerDuty's answer lacks the list that was asked for."
                : answer.Message;
            report.Capabilities.Add(KeyReport.Capability(name, required, outcome, message));
        }

        var services = await questions.AskAsync(
            "services?limit=1", WireJson.Default.WireServicePage, RequestLane.Services);
        Add("services", true, services, services.Value?.Services is not null);
        var onCalls = await questions.AskAsync(
            "oncalls?limit=1&include%5B%5D=users", WireJson.Default.WireOnCallPage, RequestLane.OnCall);
        Add("oncalls", true, onCalls, onCalls.Value?.Oncalls is not null);
        var incidents = await questions.AskAsync(
            "incidents?limit=1&statuses%5B%5D=triggered&statuses%5B%5D=acknowledged&date_range=all",
            WireJson.Default.WireIncidentPage,
            RequestLane.Incidents);
        Add("incidents", true, incidents, incidents.Value?.Incidents is not null);
        // E-mail addresses of those on call come with users.
        var users = await questions.AskAsync("users?limit=1", WireJson.Default.WireUserPage);
        Add("users", true, users, users.Value?.Users is not null);
        var subscriptions = await questions.AskAsync(
            "webhook_subscriptions?limit=100", WireJson.Default.WireWebhookSubscriptionPage);
        Add("webhook_subscriptions", false, subscriptions, subscriptions.Value?.WebhookSubscriptions is not null);

        report.WriteAccess = report.KeyKind switch
        {
            KeyKind.Account => await WriteAccessOfAccountAsync(questions, users.Value?.Users),
            KeyKind.User => WriteAccessOfUser(me?.Role),
            _ => WriteAccess.Unspecified,
        };
        foreach (var subscription in subscriptions.Value?.WebhookSubscriptions ?? [])
        {
            // Other receivers' addresses are none of our business.
            if (subscription?.DeliveryMethod?.Url is { } url
                && Uri.TryCreate(url, UriKind.Absolute, out var at)
                && at.AbsolutePath.Contains("/webhooks/pagerduty/v3/", StringComparison.OrdinalIgnoreCase))
            {
                report.WebhookSubscriptions.Add(new WebhookSubscription
                {
                    Id = subscription.Id ?? "",
                    Url = at.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped),
                    Active = subscription.Active ?? false,
                    TemporarilyDisabled = subscription.DeliveryMethod.TemporarilyDisabled ?? false,
                });
            }
        }
    }

    // PagerDuty has no question for this. It documents that calendar URLs are "not returned with account-level read-only
    // keys"; a key of the account that is shown them can update users, hence write.
    private static async Task<WriteAccess> WriteAccessOfAccountAsync(TimedQuestions questions, List<WireUser?>? users)
    {
        if (users?.FirstOrDefault()?.Id is not { Length: > 0 } id)
        {
            return WriteAccess.Unspecified;
        }

        var answer = await questions.AskBytesAsync(
            $"users/{Uri.EscapeDataString(id)}?include%5B%5D=calendar_urls");
        return (answer.IsOk ? CalendarUrls.AreShown(answer.Value) : null) switch
        {
            true => WriteAccess.ReadWrite,
            false => WriteAccess.ReadOnly,
            null => WriteAccess.Unspecified,
        };
    }

    // A user's key may do what the user may do; the roles between these two depend on teams.
    private static WriteAccess WriteAccessOfUser(string? role) => role switch
    {
        "read_only_user" or "read_only_limited_user" => WriteAccess.ReadOnly,
        "owner" or "admin" or "user" => WriteAccess.ReadWrite,
        _ => WriteAccess.Unspecified,
    };
}
