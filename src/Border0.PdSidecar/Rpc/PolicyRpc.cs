using Border0.PdSidecar.Access;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Probe;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.V1;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>PolicyService over the configuration and the engine.</summary>
[BindServiceMethod(typeof(RequestBytes.Policies), nameof(RequestBytes.Policies.BindService))]
internal sealed class PolicyRpc(
    ConfigurationState state, PolicyCatalog catalog, FactsStore facts, PagerDutyFeeds feeds, PagerDutyProbe probe, SidecarOptions options, TimeProvider time)
    : PolicyService.PolicyServiceBase
{
    private const string What = "policy";
    private static readonly TimeSpan VerifyWithin = TimeSpan.FromSeconds(2);

    private static readonly HashSet<string> Writable =
    [
        "description", "org_wide", "socket_ids", "tag_rules", "permissions", "actions", "condition", "integrations", "revocation_grace",
        "max_session_duration", "managed_by",
    ];

    private static readonly HashSet<string> GivenByDocument = ["permissions", "actions", "condition", "integrations"];
    private static readonly string[] Immutable = ["name", "organization_id"];

    public override async Task<CreatePolicyResponse> CreatePolicy(CreatePolicyRequest request, ServerCallContext context)
    {
        var policy = Unsaved(request.Policy, request.PolicyDocument, nameRequired: true);
        policy.CreateTime = policy.UpdateTime = time.GetUtcNow().ToTimestamp();
        var warnings = await VerifyAsync(policy, context.CancellationToken);
        return await state.PutAsync(policy, create: true, Actor.Of(context), context.CancellationToken) == WriteOutcome.Written
            ? new CreatePolicyResponse { Policy = Shown(policy, warnings) }
            : throw RpcErrors.AlreadyExists(What, policy.Name);
    }

    public override Task<GetPolicyResponse> GetPolicy(GetPolicyRequest request, ServerCallContext context)
    {
        if (request.PolicyDocumentVersion is not ("" or "v1" or "v2"))
        {
            throw RpcErrors.Invalid("policy_document_version", "must be \"v1\", \"v2\" or empty");
        }

        var policy = Find(request.OrganizationId, request.Name);
        var response = new GetPolicyResponse { Policy = Shown(policy) };
        if (request.PolicyDocumentVersion.Length > 0)
        {
            response.PolicyDocument = PolicyDocumentWriter.Write(policy, request.PolicyDocumentVersion, response.PolicyDocumentLosses);
        }

        return Task.FromResult(response);
    }

    public override Task<ListPoliciesResponse> ListPolicies(ListPoliciesRequest request, ServerCallContext context)
    {
        var (size, after) = PageTokens.Read(request.PageSize, request.PageToken, 50, 1000);
        var matching = state.Policies(Organization(request.OrganizationId)).Where(p =>
            (request.SocketId.Length == 0 || p.OrgWide || p.SocketIds.Contains(request.SocketId))
            && (request.IntegrationName.Length == 0
                || p.Integrations.Any(i => i.IntegrationName.Equals(request.IntegrationName, StringComparison.OrdinalIgnoreCase))));
        var (page, next) = PageTokens.Cut(matching, p => p.Name.ToLowerInvariant(), size, after);
        var response = new ListPoliciesResponse { NextPageToken = next };
        response.Policies.Add(page.Select(p => Shown(p)));
        return Task.FromResult(response);
    }

    public override async Task<UpdatePolicyResponse> UpdatePolicy(UpdatePolicyRequest request, ServerCallContext context)
    {
        var incoming = request.Policy ?? throw RpcErrors.Invalid("policy", "is required");
        var known = Find(incoming.OrganizationId, incoming.Name, "policy.");
        if (incoming.Etag.Length > 0 && incoming.Etag != known.Etag)
        {
            throw RpcErrors.EtagMismatch(What, incoming.Name);
        }

        var found = new FieldViolations();
        foreach (var path in request.UpdateMask?.Paths.Where(Immutable.Contains) ?? [])
        {
            found.Add("policy." + path, "cannot be changed");
        }

        if (request.PolicyDocument is not null)
        {
            foreach (var path in request.UpdateMask?.Paths.Where(p => GivenByDocument.Contains(p.Split('.')[0])) ?? [])
            {
                found.Add("update_mask", $"must not name {path}: policy_document gives it");
            }
        }

        var changed = known.Clone();
        if (found.None)
        {
            var fromDocument = request.PolicyDocument is null ? null : incoming.Clone();
            if (fromDocument is not null)
            {
                PolicyDocumentReader.Read(request.PolicyDocument!, fromDocument, "policy_document", found);
                var parts = new FieldMask();
                parts.Paths.Add(GivenByDocument);
                FieldMasks.Apply(fromDocument, changed, parts, GivenByDocument, found);
            }

            if (fromDocument is null || request.UpdateMask is { Paths.Count: > 0 } || Writable.Any(f => FieldMasks.IsSet(Policy.Descriptor.FindFieldByName(f), incoming)))
            {
                var writable = fromDocument is null ? Writable : [.. Writable.Except(GivenByDocument)];
                FieldMasks.Apply(incoming.Clone(), changed, request.UpdateMask, writable, found);
            }
        }

        PolicyValidation.Check(changed, "policy.", nameRequired: true, found);
        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }

        var warnings = await VerifyAsync(changed, context.CancellationToken, unless: known);
        return new UpdatePolicyResponse { Policy = Shown(await ReplaceAsync(changed, context), warnings) };
    }

    public override async Task<DeletePolicyResponse> DeletePolicy(DeletePolicyRequest request, ServerCallContext context)
    {
        var known = Find(request.OrganizationId, request.Name);
        return (await state.DeletePolicyAsync(known.OrganizationId, request.Name, request.Etag, Actor.Of(context), context.CancellationToken)).Outcome switch
        {
            WriteOutcome.Written => new DeletePolicyResponse(),
            WriteOutcome.NotFound => throw RpcErrors.NotFound(What, request.Name),
            _ => throw RpcErrors.EtagMismatch(What, request.Name),
        };
    }

    public override async Task<AttachPolicyResponse> AttachPolicy(AttachPolicyRequest request, ServerCallContext context)
    {
        var attached = await ChangeSocketsAsync(request.OrganizationId, request.Name, request.SocketIds, context, (known, given) => known.Union(given));
        return new AttachPolicyResponse { Policy = Shown(attached) };
    }

    public override async Task<DetachPolicyResponse> DetachPolicy(DetachPolicyRequest request, ServerCallContext context)
    {
        var detached = await ChangeSocketsAsync(request.OrganizationId, request.Name, request.SocketIds, context, (known, given) => known.Except(given));
        return new DetachPolicyResponse { Policy = Shown(detached) };
    }

    public override async Task<TestPolicyResponse> TestPolicy(TestPolicyRequest request, ServerCallContext context)
    {
        var found = new FieldViolations();
        var access = AccessRequests.Read(
            "", "", request.SocketType, request.UserEmail, request.Groups, request.ServiceAccount, request.ClientIp, request.ClientCountry, null,
            Organization(request.OrganizationId.Length > 0 ? request.OrganizationId : request.Policy?.OrganizationId ?? ""), found, socketRequired: false);
        var now = time.GetUtcNow();
        var at = now;
        if (request.Time is not null && (!Durations.TryRead(request.Time, out at) || at.Year is < 2000 or > 2200))
        {
            found.Add("time", "must be an instant between the years 2000 and 2200");
        }

        var unsaved = request.Policy is not null || request.PolicyDocument is not null;
        if (unsaved == request.Name.Length > 0)
        {
            found.Add("name", "either the name of a saved policy or an unsaved policy must be given");
        }

        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }

        var policy = unsaved ? Unsaved(request.Policy, request.PolicyDocument, nameRequired: false) : Find(request.OrganizationId, request.Name);
        policy = policy.Clone();
        policy.OrganizationId = access.OrganizationId;
        await FetchAsync(policy, context.CancellationToken);
        var response = Evaluator.Test(policy, catalog.Current, facts.Current, access, at, time.GetUtcNow() is var after && request.Time is null ? at : after);
        response.Warnings.Add(Warnings(policy));
        return response;
    }

    public override async Task<ListEligibleUsersResponse> ListEligibleUsers(ListEligibleUsersRequest request, ServerCallContext context)
    {
        var (size, after) = PageTokens.Read(request.PageSize, request.PageToken, 100, 1000);
        var skip = 0;
        if (after.Length > 0 && (!int.TryParse(after, System.Globalization.NumberStyles.None, null, out skip) || skip > 1_000_000))
        {
            throw RpcErrors.Invalid("page_token", "is not one that a previous page gave");
        }

        var policy = Find(request.OrganizationId, request.Name);
        await FetchAsync(policy, context.CancellationToken);
        var response = Evaluator.ListEligibleUsers(policy, catalog.Current, facts.Current, time.GetUtcNow());
        var all = response.Users.ToList();
        response.Users.Clear();
        response.Users.Add(all.Skip(skip).Take(size));
        response.NextPageToken = skip + size < all.Count ? PageTokens.For((skip + size).ToString(System.Globalization.CultureInfo.InvariantCulture)) : "";
        return response;
    }

    private async Task<Policy> ChangeSocketsAsync(
        string organizationId, string name, RepeatedField<string> sockets, ServerCallContext context, Func<IEnumerable<string>, IEnumerable<string>, IEnumerable<string>> change)
    {
        var found = new FieldViolations();
        if (sockets.Count == 0)
        {
            found.Add("socket_ids", "is required");
        }

        PolicyValidation.CheckSockets("socket_ids", sockets, 1000, found);
        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }

        // Nobody gave an etag, so nobody minds that it was changed meanwhile: read again and repeat.
        for (var attempt = 0; ; attempt++)
        {
            var changed = Find(organizationId, name).Clone();
            var socketsAfter = change([.. changed.SocketIds], sockets).ToList();
            if (socketsAfter.SequenceEqual(changed.SocketIds))
            {
                return changed;
            }

            changed.SocketIds.Clear();
            changed.SocketIds.Add(socketsAfter);
            PolicyValidation.Check(changed, "", nameRequired: true, found);
            if (!found.None)
            {
                throw RpcErrors.Invalid(found);
            }

            try
            {
                return await ReplaceAsync(changed, context);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Aborted && attempt < 20)
            {
                continue;
            }
        }
    }

    private async Task<Policy> ReplaceAsync(Policy changed, ServerCallContext context)
    {
        changed.UpdateTime = time.GetUtcNow().ToTimestamp();
        return await state.PutAsync(changed, create: false, Actor.Of(context), context.CancellationToken) switch
        {
            WriteOutcome.Written => changed,
            WriteOutcome.NotFound => throw RpcErrors.NotFound(What, changed.Name),
            _ => throw RpcErrors.EtagMismatch(What, changed.Name),
        };
    }

    /// <summary>A policy as it was given, with its document's parts, validated.</summary>
    private Policy Unsaved(Policy? given, Struct? document, bool nameRequired)
    {
        var policy = given?.Clone() ?? (document is not null && !nameRequired ? new Policy() : throw RpcErrors.Invalid("policy", "is required"));
        var found = new FieldViolations();
        if (document is not null)
        {
            PolicyDocumentReader.Read(document, policy, "policy_document", found);
        }

        PolicyValidation.Check(policy, "policy.", nameRequired, found);
        if (!found.None)
        {
            throw RpcErrors.Invalid(found);
        }

        policy.OrganizationId = Organization(policy.OrganizationId);
        policy.Etag = "";
        policy.Warnings.Clear();
        return policy;
    }

    /// <summary>Asks PagerDuty whether the services exist that were not asked about before: no is an error, no answer a warning.</summary>
    private async Task<List<PolicyWarning>> VerifyAsync(Policy policy, CancellationToken cancellation, Policy? unless = null)
    {
        var warnings = new List<PolicyWarning>();
        var found = new FieldViolations();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(VerifyWithin);
        var before = unless?.Integrations.Select(Named).ToHashSet() ?? [];
        for (var i = 0; i < policy.Integrations.Count; i++)
        {
            var condition = policy.Integrations[i];
            if (before.Contains(Named(condition)) || state.FindIntegration(policy.OrganizationId, condition.IntegrationName) is not { } integration)
            {
                continue;
            }

            var service = condition.PagerdutyOncall.ServiceId;
            string why;
            try
            {
                var exists = await probe.ServiceExistsAsync(
                    state.BaseUrlOf(integration.Integration.BaseUrl, integration.Integration.Region), integration.Secrets.ApiKey, service, bound.Token);
                if (exists is { IsOk: true, Value: false })
                {
                    found.Add($"policy.integrations[{i}].pagerduty_oncall.service_id", $"PagerDuty has no service {service} in the account of integration {condition.IntegrationName}");
                }

                why = exists.IsOk ? "" : exists.Message;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                why = "PagerDuty did not answer in time.";
            }

            if (why.Length > 0)
            {
                warnings.Add(PolicyWarnings.ServiceNotVerified(i, service, why));
            }
        }

        return found.None ? warnings : throw RpcErrors.Invalid(found);

        static (string, string) Named(IntegrationCondition c) => (c.IntegrationName.ToLowerInvariant(), c.PagerdutyOncall?.ServiceId ?? "");
    }

    /// <summary>Makes sure that the services of a policy are known before it is tested, if PagerDuty answers soon.</summary>
    private async Task FetchAsync(Policy policy, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(VerifyWithin);
        foreach (var condition in policy.Integrations.Where(i => i.PagerdutyOncall is { } p && (p.RequireBeOncall || p.RequireIncident)))
        {
            try
            {
                await feeds.EnsureKnownAsync(new(policy.OrganizationId, condition.IntegrationName), condition.PagerdutyOncall.ServiceId, bound.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Then the test says that nothing is known.
                return;
            }
        }
    }

    private Policy Shown(Policy policy, IEnumerable<PolicyWarning>? more = null)
    {
        var shown = policy.Clone();
        shown.Warnings.Clear();
        shown.Warnings.Add(Warnings(policy));
        shown.Warnings.Add(more ?? []);
        return shown;
    }

    private IEnumerable<PolicyWarning> Warnings(Policy policy) =>
        PolicyWarnings.Of(policy, name => state.FindIntegration(policy.OrganizationId, name) is not null, time.GetUtcNow());

    private string Organization(string organizationId)
    {
        var found = new FieldViolations();
        found.CheckOrganization("organization_id", organizationId);
        return !found.None ? throw RpcErrors.Invalid(found) : organizationId.Length > 0 ? organizationId : options.DefaultOrganization;
    }

    private Policy Find(string organizationId, string name, string prefix = "") =>
        name.Length == 0 ? throw RpcErrors.Invalid(prefix + "name", "is required")
        : state.FindPolicy(Organization(organizationId), name) ?? throw RpcErrors.NotFound(What, name.Length <= 63 ? name : name[..63] + "...");
}
