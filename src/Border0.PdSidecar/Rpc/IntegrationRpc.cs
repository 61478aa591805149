using Border0.PdSidecar.Access;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Probe;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>IntegrationService over the configuration and PagerDuty.</summary>
[BindServiceMethod(typeof(RequestBytes.Integrations), nameof(RequestBytes.Integrations.BindService))]
internal sealed class IntegrationRpc(ConfigurationState state, PagerDutyFeeds feeds, PagerDutyProbe probe, SidecarOptions options, TimeProvider time)
    : IntegrationService.IntegrationServiceBase
{
    private const string What = "integration";

    private static readonly HashSet<string> Writable =
        ["description", "api_key", "region", "base_url", "webhook_secrets", "max_staleness", "session_max_staleness", "managed_by"];

    private static readonly string[] Immutable = ["name", "type", "organization_id"];

    public override async Task<CreateIntegrationResponse> CreateIntegration(CreateIntegrationRequest request, ServerCallContext context)
    {
        var integration = request.Integration?.Clone() ?? throw RpcErrors.Invalid("integration", "is required");
        Check(integration);
        integration.OrganizationId = Organization(integration.OrganizationId);
        integration.Type = IntegrationType.PagerdutyOncall;
        integration.Region = integration.Region == Region.Unspecified ? Region.Us : integration.Region;
        integration.CreateTime = integration.UpdateTime = time.GetUtcNow().ToTimestamp();
        var stored = Separate(integration, new IntegrationSecrets("", []));
        return await state.PutAsync(stored, create: true, Actor.Of(context), context.CancellationToken) == WriteOutcome.Written
            ? new CreateIntegrationResponse { Integration = Shown(stored) }
            : throw RpcErrors.AlreadyExists(What, integration.Name);
    }

    public override Task<GetIntegrationResponse> GetIntegration(GetIntegrationRequest request, ServerCallContext context) =>
        Task.FromResult(new GetIntegrationResponse { Integration = Shown(Find(request.OrganizationId, request.Name)) });

    public override Task<ListIntegrationsResponse> ListIntegrations(ListIntegrationsRequest request, ServerCallContext context)
    {
        var (size, after) = PageTokens.Read(request.PageSize, request.PageToken, 50, 1000);
        var organization = Organization(request.OrganizationId);
        var (page, next) = PageTokens.Cut(state.Integrations(organization), i => i.Name.ToLowerInvariant(), size, after);
        var response = new ListIntegrationsResponse { NextPageToken = next };
        response.Integrations.Add(page.Select(i => state.FindIntegration(organization, i.Name)).OfType<StoredIntegration>().Select(Shown));
        return Task.FromResult(response);
    }

    public override async Task<UpdateIntegrationResponse> UpdateIntegration(UpdateIntegrationRequest request, ServerCallContext context)
    {
        var incoming = request.Integration ?? throw RpcErrors.Invalid("integration", "is required");
        var known = Find(incoming.OrganizationId, incoming.Name, "integration.");
        if (incoming.Etag.Length > 0 && incoming.Etag != known.Integration.Etag)
        {
            throw RpcErrors.EtagMismatch(What, incoming.Name);
        }

        var found = new FieldViolations();
        foreach (var path in request.UpdateMask?.Paths.Where(Immutable.Contains) ?? [])
        {
            found.Add("integration." + path, "cannot be changed");
        }

        var changed = known.Integration.Clone();
        changed.ApiKey = known.Secrets.ApiKey;
        changed.WebhookSecrets.Add(known.Secrets.WebhookSecrets);
        if (found.None)
        {
            FieldMasks.Apply(incoming, changed, request.UpdateMask, Writable, found);
        }

        if (changed.ApiKey.Length == 0)
        {
            changed.ApiKey = known.Secrets.ApiKey;
        }

        IntegrationValidation.Check(changed, "integration.", IsAllowedBaseUrl, found);
        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }

        changed.UpdateTime = time.GetUtcNow().ToTimestamp();
        var stored = Separate(changed, known.Secrets);
        return await state.PutAsync(stored, create: false, Actor.Of(context), context.CancellationToken) switch
        {
            WriteOutcome.Written => new UpdateIntegrationResponse { Integration = Shown(stored) },
            WriteOutcome.NotFound => throw RpcErrors.NotFound(What, incoming.Name),
            _ => throw RpcErrors.EtagMismatch(What, incoming.Name),
        };
    }

    public override async Task<DeleteIntegrationResponse> DeleteIntegration(DeleteIntegrationRequest request, ServerCallContext context)
    {
        var known = Find(request.OrganizationId, request.Name);
        var deleted = await state.DeleteIntegrationAsync(
            known.Integration.OrganizationId, request.Name, request.Etag, request.Force, Actor.Of(context), context.CancellationToken);
        if (deleted.Refused)
        {
            throw RpcErrors.Precondition(
                "INTEGRATION_IN_USE", $"integration {request.Name} is used by policies {string.Join(", ", deleted.ReferringPolicies)}: change them first, or give force, after which they deny");
        }

        return deleted.Outcome switch
        {
            WriteOutcome.Written => new DeleteIntegrationResponse { OrphanedPolicies = { deleted.ReferringPolicies } },
            WriteOutcome.NotFound => throw RpcErrors.NotFound(What, request.Name),
            _ => throw RpcErrors.EtagMismatch(What, request.Name),
        };
    }

    public override async Task<CheckIntegrationResponse> CheckIntegration(CheckIntegrationRequest request, ServerCallContext context)
    {
        var stored = request.Name.Length > 0 ? Find(request.OrganizationId, request.Name) : null;
        var key = request.ApiKey.Length > 0 ? request.ApiKey : stored?.Secrets.ApiKey ?? "";
        var found = new FieldViolations();
        IntegrationValidation.CheckKey("api_key", key, found);
        IntegrationValidation.CheckRegion("region", request.Region, found);
        IntegrationValidation.CheckBaseUrl("base_url", request.BaseUrl, IsAllowedBaseUrl, found);
        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }

        var baseUrl = request.BaseUrl.Length > 0 ? request.BaseUrl : request.Region == Region.Unspecified ? stored?.Integration.BaseUrl ?? "" : "";
        var region = request.Region == Region.Unspecified ? stored?.Integration.Region ?? Region.Us : request.Region;
        var answer = await probe.CheckAsync(state.BaseUrlOf(baseUrl, region), key, context.CancellationToken);
        if (stored is not null)
        {
            answer.Status = feeds.Status(KeyOf(stored.Integration));

            // With the key that is polled with, the cadence that the budget leaves belongs to the budget.
            if (key == stored.Secrets.ApiKey && answer.Status.RateBudget is { } budget)
            {
                answer.RateBudget.IncidentsInterval = budget.IncidentsInterval;
                answer.RateBudget.OnCallInterval = budget.OnCallInterval;
                answer.RateBudget.ServicesInterval = budget.ServicesInterval;
            }
        }

        return answer;
    }

    public override async Task<SyncIntegrationResponse> SyncIntegration(SyncIntegrationRequest request, ServerCallContext context)
    {
        var stored = Find(request.OrganizationId, request.Name);
        var outcome = await feeds.SyncAsync(KeyOf(stored.Integration), context.CancellationToken);
        return outcome.Outcome switch
        {
            PagerDutyOutcome.Ok => new SyncIntegrationResponse
            {
                Integration = Shown(stored),
                Services = outcome.Services,
                EscalationPolicies = outcome.EscalationPolicies,
                OpenIncidents = outcome.OpenIncidents,
                Duration = outcome.Duration.ToDuration(),
            },
            _ => throw Refused(outcome.Outcome, outcome.Message),
        };
    }

    public override async Task<ListPagerDutyServicesResponse> ListPagerDutyServices(ListPagerDutyServicesRequest request, ServerCallContext context)
    {
        var (size, after) = PageTokens.Read(request.PageSize, request.PageToken, 25, 100);
        var stored = Find(request.OrganizationId, request.IntegrationName, field: "integration_name");
        var found = new FieldViolations();
        found.CheckText("search", request.Search, 256);
        if (after.Length > 0 && !(int.TryParse(after, System.Globalization.NumberStyles.None, null, out var parsed) && parsed <= 10_000 - size))
        {
            found.Add("page_token", "is not one that a previous page gave");
        }

        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }

        var offset = after.Length == 0 ? 0 : int.Parse(after, System.Globalization.CultureInfo.InvariantCulture);
        var page = await probe.ListServicesAsync(
            state.BaseUrlOf(stored.Integration.BaseUrl, stored.Integration.Region), stored.Secrets.ApiKey, request.Search, offset, size, context.CancellationToken);
        if (page.Value is not { } services)
        {
            throw Refused(page.Outcome, page.Message);
        }

        var response = new ListPagerDutyServicesResponse
        {
            NextPageToken = services.NextOffset is { } next ? PageTokens.For(next.ToString(System.Globalization.CultureInfo.InvariantCulture)) : "",
        };
        response.Services.Add(services.Services);
        return response;
    }

    private static IntegrationKey KeyOf(Integration integration) => new(integration.OrganizationId, integration.Name);

    private static RpcException Refused(PagerDutyOutcome outcome, string message) => outcome switch
    {
        PagerDutyOutcome.Unauthorized or PagerDutyOutcome.Forbidden => RpcErrors.Precondition("PAGERDUTY_REFUSES_KEY", message),
        _ => RpcErrors.Unavailable("PAGERDUTY_UNAVAILABLE", message),
    };

    /// <summary>Takes the secrets out of an integration as it was given.</summary>
    private static StoredIntegration Separate(Integration integration, IntegrationSecrets known)
    {
        var secrets = new IntegrationSecrets(integration.ApiKey.Length > 0 ? integration.ApiKey : known.ApiKey, [.. integration.WebhookSecrets]);
        integration.ApiKey = "";
        integration.WebhookSecrets.Clear();
        integration.Status = null;
        integration.ApiKeyHint = secrets.ApiKey.Length >= 12 ? secrets.ApiKey[^4..] : "";
        integration.WebhookSecretCount = secrets.WebhookSecrets.Count;
        return new StoredIntegration(integration, secrets);
    }

    private Integration Shown(StoredIntegration stored)
    {
        var shown = stored.Integration.Clone();
        shown.Status = feeds.Status(KeyOf(shown));
        return shown;
    }

    private void Check(Integration integration)
    {
        var found = new FieldViolations();
        IntegrationValidation.Check(integration, "integration.", IsAllowedBaseUrl, found);
        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }
    }

    private bool IsAllowedBaseUrl(string baseUrl) =>
        options.PagerDutyBaseUrl is { } allowed && Uri.TryCreate(baseUrl, UriKind.Absolute, out var url) && url == allowed;

    private string Organization(string organizationId)
    {
        var found = new FieldViolations();
        found.CheckOrganization("organization_id", organizationId);
        return !found.None ? throw RpcErrors.Invalid(found) : organizationId.Length > 0 ? organizationId : options.DefaultOrganization;
    }

    private StoredIntegration Find(string organizationId, string name, string prefix = "", string field = "name") =>
        name.Length == 0 ? throw RpcErrors.Invalid(prefix + field, "is required")
        : state.FindIntegration(Organization(organizationId), name) ?? throw RpcErrors.NotFound(What, Named(name));

    private static string Named(string name) => name.Length <= 63 ? name : name[..63] + "...";
}
