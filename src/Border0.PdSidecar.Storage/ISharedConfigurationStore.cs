using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Storage;

/// <summary>A configuration store that other processes write to as well, and that tells of it.</summary>
public interface ISharedConfigurationStore : IConfigurationStore
{
    /// <summary>
    /// What was written since a revision, by whomever, in its order and all of one revision at once; without end. While the store is away it
    /// goes on by itself, and afterwards with what was missed.
    /// </summary>
    /// <param name="afterRevision">The revision of what is known already: <see cref="StoredConfiguration.Revision"/>.</param>
    /// <param name="cancellation">Ends it.</param>
    IAsyncEnumerable<ConfigurationNews> FollowAsync(long afterRevision, CancellationToken cancellation);
}

/// <summary>What a shared store tells.</summary>
public abstract record ConfigurationNews
{
    /// <summary>What was changed at one revision.</summary>
    /// <param name="Revision">The revision; 0 for what is of an older one and could not be read until now.</param>
    /// <param name="Changes">The changes; none for a sign that everything up to the revision is known.</param>
    public sealed record Changed(long Revision, IReadOnlyList<StoredChange> Changes) : ConfigurationNews
    {
        /// <summary>This process wrote it.</summary>
        public bool IsOwn { get; init; }
    }

    /// <summary>Everything that there is, after changes were missed: what is not in it is gone.</summary>
    /// <param name="Configuration">All of it.</param>
    public sealed record Listed(StoredConfiguration Configuration) : ConfigurationNews
    {
        /// <summary>What is there but cannot be read: it stays what it was.</summary>
        public IReadOnlyList<StoredName> Unreadable { get; init; } = [];
    }

    /// <summary>The store is away; what is in force goes on.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record Interrupted(string Reason) : ConfigurationNews;

    /// <summary>The store is back.</summary>
    public sealed record Resumed : ConfigurationNews;
}

/// <summary>Whose name something is stored under.</summary>
/// <param name="IsPolicy">A policy's; otherwise an integration's.</param>
/// <param name="OrganizationId">Its organization.</param>
/// <param name="Name">Its name in lower case.</param>
public sealed record StoredName(bool IsPolicy, string OrganizationId, string Name);

/// <summary>One change; exactly one of these is not null.</summary>
/// <param name="Integration">An integration that was made or replaced, with its etag.</param>
/// <param name="Policy">A policy that was made or replaced, with its etag.</param>
/// <param name="Deleted">What is gone.</param>
public sealed record StoredChange(StoredIntegration? Integration, Policy? Policy, StoredName? Deleted);
