using System.Runtime.CompilerServices;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>What a follower tells.</summary>
public abstract record EtcdNews
{
    /// <summary>Everything that there is: what is not in it is not there. Comes first, and again when changes were missed that etcd keeps no more.</summary>
    public sealed record Listed(EtcdListing Listing) : EtcdNews;

    /// <summary>What has changed since; may be nothing, up to a revision.</summary>
    public sealed record Changed(EtcdChanges Changes) : EtcdNews;

    /// <summary>etcd is away, or refuses: what was told is getting old. Comes once for each interruption.</summary>
    public sealed record Interrupted(string Reason) : EtcdNews;

    /// <summary>etcd is back; what was missed comes next.</summary>
    public sealed record Resumed : EtcdNews;
}

/// <summary>
/// Follows every key that begins with a prefix, whatever happens to members: lists, watches from there, goes on by revision after an
/// interruption, and lists again where that revision is gone or the cluster has gone back (restored from a backup).
/// For one reader at a time.
/// </summary>
/// <param name="client">The cluster.</param>
/// <param name="prefix">What the keys begin with.</param>
/// <param name="time">The clock.</param>
public sealed class EtcdFollower(EtcdClient client, string prefix, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private long? _revision;
    private ulong? _cluster;
    private EtcdWatch? _watch;
    private bool _interrupted;
    private TimeSpan _pause = FirstPause;

    /// <summary>Where to go on instead of listing first: everything up to here is known.</summary>
    public long? Revision
    {
        get => _revision;
        init => _revision = value;
    }

    /// <summary>The next news are everything that there is. For the reader, between two news.</summary>
    public void ListAgain() => _revision = null;

    /// <summary>The news, without end, in order.</summary>
    public async IAsyncEnumerable<EtcdNews> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                if (await NextAsync(cancellation) is { } news)
                {
                    yield return news;
                }
            }
        }
        finally
        {
            await CloseAsync();
        }
    }

    private async Task<EtcdNews?> NextAsync(CancellationToken cancellation)
    {
        try
        {
            if (_revision is not { } revision)
            {
                await CloseAsync();
                var listing = await client.ListAsync(prefix, cancellation);
                _revision = listing.Revision;
                return new EtcdNews.Listed(listing);
            }

            if (_watch is null)
            {
                _watch = await client.WatchAsync(prefix, revision + 1, cancellation);
                if (await IsAnotherHistoryAsync(_watch, revision, cancellation))
                {
                    throw new EtcdCompactedException(0);
                }

                _pause = FirstPause;
                if (_interrupted)
                {
                    _interrupted = false;
                    return new EtcdNews.Resumed();
                }
            }

            var changes = await _watch.NextAsync(cancellation);
            _revision = Math.Max(revision, changes.Revision);
            return new EtcdNews.Changed(changes);
        }
        catch (EtcdCompactedException)
        {
            _revision = null;
            await CloseAsync();
            return null;
        }
        catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException)
        {
            await CloseAsync();
            if (!_interrupted)
            {
                _interrupted = true;
                return new EtcdNews.Interrupted(e.Message);
            }

            // A fleet that lost the same member does not come back in step.
            await Task.Delay(_pause * (0.5 + Random.Shared.NextDouble()), time, cancellation);
            _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            return null;
        }
    }

    /// <summary>After a restore, revisions begin again at an older one: what is known may be of a future that never came.</summary>
    private async Task<bool> IsAnotherHistoryAsync(EtcdWatch watch, long revision, CancellationToken cancellation)
    {
        var another = _cluster is { } cluster && cluster != watch.ClusterId;
        _cluster = watch.ClusterId;

        // A member may be a little behind; the cluster is not.
        return another || (watch.Revision < revision && await client.RevisionAsync(cancellation) < revision);
    }

    private async ValueTask CloseAsync()
    {
        if (_watch is not null)
        {
            await _watch.DisposeAsync();
            _watch = null;
        }
    }
}
