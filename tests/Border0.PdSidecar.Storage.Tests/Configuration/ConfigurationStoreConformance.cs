using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Storage.Tests.Configuration;

/// <summary>What every configuration store promises, whatever it is made of. A store's own tests derive from this and say how to open one.</summary>
/// <param name="openAsync">Opens the store of this test: empty at first, afterwards with what was written to it.</param>
/// <param name="cleanUp">Called when nothing of the store is needed any more.</param>
public abstract class ConfigurationStoreConformance(Func<Task<IConfigurationStore>> openAsync, Action cleanUp) : IAsyncLifetime
{
    private IConfigurationStore _store = null!;

    public async Task InitializeAsync() => _store = await openAsync();

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        cleanUp();
    }

    [Fact]
    public async Task A_new_store_is_empty()
    {
        var stored = await LoadAsync();
        Assert.Empty(stored.Integrations);
        Assert.Empty(stored.Policies);
    }

    [Fact]
    public async Task An_integration_comes_back_as_it_was_written_after_reopening_too()
    {
        var acme = Samples.Integration();
        Assert.Equal(WriteOutcome.Written, await CreateAsync(acme));
        Assert.NotEmpty(acme.Integration.Etag);
        for (var i = 0; i < 2; i++)
        {
            var read = Assert.Single((await LoadAsync()).Integrations);
            Assert.Equal(acme.Integration, read.Integration);
            Assert.Equal(acme.Secrets.ApiKey, read.Secrets.ApiKey);
            Assert.Equal(acme.Secrets.WebhookSecrets, read.Secrets.WebhookSecrets);
            await ReopenAsync();
        }
    }

    [Fact]
    public async Task A_policy_comes_back_as_it_was_written_after_reopening_too()
    {
        var policy = Samples.Policy(integrations: ["acme", "other"]).With(p =>
        {
            p.Permissions["database"] = Struct.Parser.ParseJson("""{"allowed_databases": [{"database": "*", "allowed_query_types": null}]}""");
            p.TagRules.Add(new TagRule { Tags = { ["env"] = "prod", ["tier"] = "ü" } });
            p.RevocationGrace = Duration.FromTimeSpan(TimeSpan.FromSeconds(90));
        });
        Assert.Equal(WriteOutcome.Written, await CreateAsync(policy));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(policy, Assert.Single((await LoadAsync()).Policies));
            await ReopenAsync();
        }
    }

    [Fact]
    public async Task What_is_made_up_on_reading_is_not_stored()
    {
        var acme = Samples.Integration().With(i => i.Status = new IntegrationStatus { State = IntegrationState.Ok });
        var policy = Samples.Policy().With(p => p.Warnings.Add(new PolicyWarning { Code = "NO_OP" }));
        await CreateAsync(acme);
        await CreateAsync(policy);
        var stored = await LoadAsync();
        Assert.Null(stored.Integrations[0].Integration.Status);
        Assert.Empty(stored.Policies[0].Warnings);
    }

    [Fact]
    public async Task The_record_of_an_integration_never_holds_its_secrets()
    {
        var acme = Samples.Integration().With(i =>
        {
            i.ApiKey = "left in by mistake";
            i.WebhookSecrets.Add("left in by mistake");
        });
        await CreateAsync(acme);
        var read = Assert.Single((await LoadAsync()).Integrations).Integration;
        Assert.Empty(read.ApiKey);
        Assert.Empty(read.WebhookSecrets);
    }

    [Fact]
    public async Task A_name_is_taken_whatever_its_case_but_only_in_its_organization()
    {
        Assert.Equal(WriteOutcome.Written, await CreateAsync(Samples.Integration("Acme")));
        Assert.Equal(WriteOutcome.AlreadyExists, await CreateAsync(Samples.Integration("aCME", key: "another-key")));
        Assert.Equal(WriteOutcome.Written, await CreateAsync(Samples.Integration("acme", "elsewhere")));
        Assert.Equal(WriteOutcome.Written, await CreateAsync(Samples.Policy("Acme")));
        Assert.Equal(WriteOutcome.AlreadyExists, await CreateAsync(Samples.Policy("aCME", description: "another")));
        Assert.Equal(WriteOutcome.Written, await CreateAsync(Samples.Policy("acme", "elsewhere")));

        var stored = await LoadAsync();
        Assert.Equal(["elsewhere/acme", "org/Acme"], stored.Integrations.Select(i => $"{i.Integration.OrganizationId}/{i.Integration.Name}").Order(StringComparer.Ordinal));
        Assert.Equal(["elsewhere/acme", "org/Acme"], stored.Policies.Select(p => $"{p.OrganizationId}/{p.Name}").Order(StringComparer.Ordinal));
        Assert.DoesNotContain(stored.Integrations, i => i.Secrets.ApiKey == "another-key");
        Assert.DoesNotContain(stored.Policies, p => p.Description == "another");
    }

    [Fact]
    public async Task A_replace_writes_all_of_it_under_a_new_etag()
    {
        var acme = Samples.Integration();
        var policy = Samples.Policy(integrations: "acme");
        await CreateAsync(acme);
        await CreateAsync(policy);
        var changedAcme = acme.With(i => i.Description = "changed") with { Secrets = new IntegrationSecrets("another-key", []) };
        var changedPolicy = policy.With(p => p.SocketIds.Clear());
        Assert.Equal(WriteOutcome.Written, await ReplaceAsync(changedAcme));
        Assert.Equal(WriteOutcome.Written, await ReplaceAsync(changedPolicy));
        Assert.NotEqual(acme.Integration.Etag, changedAcme.Integration.Etag);
        Assert.NotEqual(policy.Etag, changedPolicy.Etag);

        var stored = await LoadAsync();
        Assert.Equal(changedAcme.Integration, Assert.Single(stored.Integrations).Integration);
        Assert.Equal("another-key", stored.Integrations[0].Secrets.ApiKey);
        Assert.Empty(stored.Integrations[0].Secrets.WebhookSecrets);
        Assert.Equal(changedPolicy, Assert.Single(stored.Policies));
    }

    [Fact]
    public async Task A_replace_under_an_old_etag_writes_nothing()
    {
        var acme = Samples.Integration();
        var policy = Samples.Policy();
        await CreateAsync(acme);
        await CreateAsync(policy);
        var (oldAcme, oldPolicy) = (acme.With(i => i.Description = "lost"), policy.With(p => p.Description = "lost"));
        await ReplaceAsync(acme);
        await ReplaceAsync(policy);

        var (etagOfAcme, etagOfPolicy) = (oldAcme.Integration.Etag, oldPolicy.Etag);
        Assert.Equal(WriteOutcome.EtagMismatch, await ReplaceAsync(oldAcme));
        Assert.Equal(WriteOutcome.EtagMismatch, await ReplaceAsync(oldPolicy));
        Assert.Equal(etagOfAcme, oldAcme.Integration.Etag);
        Assert.Equal(etagOfPolicy, oldPolicy.Etag);
        var stored = await LoadAsync();
        Assert.Equal(acme.Integration, stored.Integrations[0].Integration);
        Assert.Equal(policy, stored.Policies[0]);
    }

    [Fact]
    public async Task What_is_not_there_is_neither_replaced_nor_deleted()
    {
        Assert.Equal(WriteOutcome.NotFound, await ReplaceAsync(Samples.Integration()));
        Assert.Equal(WriteOutcome.NotFound, await ReplaceAsync(Samples.Policy()));
        Assert.Equal(WriteOutcome.NotFound, (await _store.DeleteIntegrationAsync("org", "acme", "", force: true, default)).Outcome);
        Assert.Equal(WriteOutcome.NotFound, (await _store.DeletePolicyAsync("org", "payments", "", default)).Outcome);
        Assert.False((await _store.DeleteIntegrationAsync("org", "acme", "", force: false, default)).Refused);
        Assert.Empty((await LoadAsync()).Integrations);
    }

    [Fact]
    public async Task A_delete_under_an_old_etag_deletes_nothing()
    {
        var acme = Samples.Integration();
        var policy = Samples.Policy();
        await CreateAsync(acme);
        await CreateAsync(policy);
        Assert.Equal(WriteOutcome.EtagMismatch, (await _store.DeleteIntegrationAsync("org", "acme", acme.Integration.Etag + "0", force: true, default)).Outcome);
        Assert.Equal(WriteOutcome.EtagMismatch, (await _store.DeletePolicyAsync("org", "payments", policy.Etag + "0", default)).Outcome);
        var stored = await LoadAsync();
        Assert.Single(stored.Integrations);
        Assert.Single(stored.Policies);

        Assert.Equal(WriteOutcome.Written, (await _store.DeleteIntegrationAsync("org", "ACME", acme.Integration.Etag, force: false, default)).Outcome);
        Assert.Equal(WriteOutcome.Written, (await _store.DeletePolicyAsync("org", "PAYMENTS", policy.Etag, default)).Outcome);
        stored = await LoadAsync();
        Assert.Empty(stored.Integrations);
        Assert.Empty(stored.Policies);
    }

    [Fact]
    public async Task An_etag_never_comes_again_even_for_what_was_deleted_and_made_again()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 5; i++)
        {
            var acme = Samples.Integration();
            await CreateAsync(acme);
            Assert.True(seen.Add(acme.Integration.Etag));
            await ReplaceAsync(acme);
            Assert.True(seen.Add(acme.Integration.Etag));
            await _store.DeleteIntegrationAsync("org", "acme", "", force: false, default);
            await ReopenAsync();
        }
    }

    [Fact]
    public async Task An_integration_that_policies_refer_to_is_not_deleted_and_they_are_named()
    {
        await CreateAsync(Samples.Integration("Acme"));
        await CreateAsync(Samples.Policy("Zulu", integrations: ["aCME", "ACME"]));
        await CreateAsync(Samples.Policy("alpha", integrations: ["other", "acme"]));
        await CreateAsync(Samples.Policy("bravo", integrations: "other"));
        await CreateAsync(Samples.Policy("charlie", "elsewhere", integrations: "acme"));

        var refused = await _store.DeleteIntegrationAsync("org", "acme", "", force: false, default);
        Assert.True(refused.Refused);
        Assert.NotEqual(WriteOutcome.Written, refused.Outcome);
        Assert.Equal(["alpha", "Zulu"], refused.ReferringPolicies);
        Assert.Single((await LoadAsync()).Integrations);
    }

    [Fact]
    public async Task A_forced_delete_leaves_the_policies_behind_and_names_them()
    {
        await CreateAsync(Samples.Integration());
        var policy = Samples.Policy(integrations: "acme");
        await CreateAsync(policy);
        var deleted = await _store.DeleteIntegrationAsync("org", "acme", "", force: true, default);
        Assert.Equal(WriteOutcome.Written, deleted.Outcome);
        Assert.False(deleted.Refused);
        Assert.Equal(["payments"], deleted.ReferringPolicies);
        var stored = await LoadAsync();
        Assert.Empty(stored.Integrations);
        Assert.Equal(policy, Assert.Single(stored.Policies));

        // Made again, it is referred to again.
        await CreateAsync(Samples.Integration());
        Assert.True((await _store.DeleteIntegrationAsync("org", "acme", "", force: false, default)).Refused);
    }

    [Fact]
    public async Task What_a_policy_refers_to_follows_the_policy()
    {
        await CreateAsync(Samples.Integration());
        var policy = Samples.Policy(integrations: "acme");
        await CreateAsync(policy);
        await ReplaceAsync(policy.With(p => p.Integrations[0].IntegrationName = "other"));
        var deleted = await _store.DeleteIntegrationAsync("org", "acme", "", force: false, default);
        Assert.Equal(WriteOutcome.Written, deleted.Outcome);
        Assert.Empty(deleted.ReferringPolicies);

        await CreateAsync(Samples.Integration("other"));
        Assert.True((await _store.DeleteIntegrationAsync("org", "other", "", force: false, default)).Refused);
        await _store.DeletePolicyAsync("org", "payments", "", default);
        Assert.Equal(WriteOutcome.Written, (await _store.DeleteIntegrationAsync("org", "other", "", force: false, default)).Outcome);
    }

    [Fact]
    public async Task Of_many_who_replace_at_once_exactly_one_wins()
    {
        var policy = Samples.Policy();
        await CreateAsync(policy);
        var contenders = Enumerable.Range(0, 20).Select(i => policy.With(p => p.Description = $"{i}")).ToList();
        var outcomes = await Task.WhenAll(contenders.Select(c => Task.Run(() => ReplaceAsync(c))));
        var winner = contenders[Array.IndexOf(outcomes, WriteOutcome.Written)];
        Assert.Equal(19, outcomes.Count(o => o == WriteOutcome.EtagMismatch));
        Assert.Equal(winner, Assert.Single((await LoadAsync()).Policies));
    }

    [Fact]
    public async Task Of_many_who_create_at_once_exactly_one_wins()
    {
        var contenders = Enumerable.Range(0, 20).Select(i => Samples.Integration(i % 2 == 0 ? "acme" : "ACME", key: $"key-{i:D4}")).ToList();
        var outcomes = await Task.WhenAll(contenders.Select(c => Task.Run(() => CreateAsync(c))));
        var winner = contenders[Array.IndexOf(outcomes, WriteOutcome.Written)];
        Assert.Equal(19, outcomes.Count(o => o == WriteOutcome.AlreadyExists));
        Assert.Equal(winner.Secrets.ApiKey, Assert.Single((await LoadAsync()).Integrations).Secrets.ApiKey);
    }

    [Fact]
    public async Task A_write_that_was_given_up_before_it_began_writes_nothing()
    {
        using var given = new CancellationTokenSource();
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.CreateAsync(Samples.Policy(), given.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.CreateAsync(Samples.Integration(), given.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.LoadAsync(given.Token));
        Assert.Empty((await LoadAsync()).Policies);
    }

    [Fact]
    public async Task Everything_of_every_organization_is_loaded()
    {
        for (var i = 0; i < 50; i++)
        {
            await CreateAsync(Samples.Policy($"p{i}", $"org-{i % 3}", integrations: $"i{i % 7}"));
        }

        Assert.Equal(
            Enumerable.Range(0, 50).Select(i => $"org-{i % 3}/p{i}").Order(StringComparer.Ordinal),
            (await LoadAsync()).Policies.Select(p => $"{p.OrganizationId}/{p.Name}").Order(StringComparer.Ordinal));
    }

    private Task<StoredConfiguration> LoadAsync() => _store.LoadAsync(default);

    private Task<WriteOutcome> CreateAsync(StoredIntegration integration) => _store.CreateAsync(integration, default);

    private Task<WriteOutcome> CreateAsync(Policy policy) => _store.CreateAsync(policy, default);

    private Task<WriteOutcome> ReplaceAsync(StoredIntegration integration) => _store.ReplaceAsync(integration, default);

    private Task<WriteOutcome> ReplaceAsync(Policy policy) => _store.ReplaceAsync(policy, default);

    private async Task ReopenAsync()
    {
        await _store.DisposeAsync();
        _store = await openAsync();
    }
}
