using System.Threading.Channels;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Tests.Administration;

/// <summary>A shared store that tells what a test says, when it says so. Every write is taken, at the next revision.</summary>
internal sealed class ScriptedStore : ISharedConfigurationStore
{
    private readonly Channel<ConfigurationNews> _news = Channel.CreateUnbounded<ConfigurationNews>();

    public long Revision { get; set; } = 100;

    public string? Trouble => null;

    /// <summary>Tells news.</summary>
    public void Tell(ConfigurationNews news) => Assert.True(_news.Writer.TryWrite(news));

    public async IAsyncEnumerable<ConfigurationNews> FollowAsync(long afterRevision, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var news in _news.Reader.ReadAllAsync(cancellation))
        {
            yield return news;
        }
    }

    public Task<StoredConfiguration> LoadAsync(CancellationToken cancellation) => Task.FromResult(new StoredConfiguration([], []) { Revision = Revision });

    public Task<WriteOutcome> CreateAsync(StoredIntegration integration, CancellationToken cancellation) => Task.FromResult(WriteOutcome.NotFound);

    public Task<WriteOutcome> ReplaceAsync(StoredIntegration integration, CancellationToken cancellation) => Task.FromResult(WriteOutcome.NotFound);

    public Task<DeleteOutcome> DeleteIntegrationAsync(string organizationId, string name, string etag, bool force, CancellationToken cancellation) =>
        Task.FromResult(new DeleteOutcome(WriteOutcome.NotFound, []));

    public Task<WriteOutcome> CreateAsync(Policy policy, CancellationToken cancellation) => ReplaceAsync(policy, cancellation);

    public Task<WriteOutcome> ReplaceAsync(Policy policy, CancellationToken cancellation)
    {
        policy.Etag = $"{++Revision}";
        return Task.FromResult(WriteOutcome.Written);
    }

    public Task<DeleteOutcome> DeletePolicyAsync(string organizationId, string name, string etag, CancellationToken cancellation) =>
        Task.FromResult(new DeleteOutcome(WriteOutcome.Written, []) { Revision = ++Revision });

    public Task<string?> RefreshKeysAsync(CancellationToken cancellation) => Task.FromResult<string?>(null);

    public Task ProbeAsync(CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
