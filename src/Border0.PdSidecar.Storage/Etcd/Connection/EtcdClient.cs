using System.Collections.Immutable;
using Border0.PdSidecar.Storage.Etcd.Connection.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>
/// The cluster, whichever member answers. Every key is under the fleet's prefix, which callers leave out. Reads are linearizable: they see
/// every write that was answered before they began. Every call ends within <see cref="EtcdOptions.CallTimeout"/>. Thread-safe.
/// </summary>
/// <remarks>
/// All calls throw <see cref="EtcdUnavailableException"/> when no member answers, and <see cref="EtcdRefusedException"/> when one says no.
/// A call is taken to the next member when one does not answer; a write only while it is certain that it was not begun.
/// </remarks>
public sealed class EtcdClient : IDisposable
{
    private const int PageSize = 500;

    private readonly EtcdOptions _options;
    private readonly TimeProvider _time;
    private readonly EtcdKeys _keys;
    private readonly EtcdLogin _login;
    private readonly ImmutableArray<EtcdMember> _members;
    private int _current;

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="options">Checked options.</param>
    /// <param name="time">The clock that waiting is measured by.</param>
    public EtcdClient(EtcdOptions options, TimeProvider time)
    {
        (_options, _time, _keys, _login) = (options, time, new EtcdKeys(options.Prefix), new EtcdLogin(options));
        _members = [.. options.Endpoints.Select(e => new EtcdMember(e, options))];

        // A fleet that is given the same list everywhere still spreads over the members.
        _current = Random.Shared.Next(_members.Length);
    }

    /// <summary>What it was made with.</summary>
    public EtcdOptions Options => _options;

    /// <summary>The member that is asked first at present.</summary>
    public Uri Member => Current.Endpoint;

    private EtcdMember Current => _members[Volatile.Read(ref _current)];

    /// <summary>Reads a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The record; one that does not exist when there is none.</returns>
    public async Task<EtcdRecord> GetAsync(string key, CancellationToken cancellation)
    {
        var request = new RangeRequest { Key = _keys.Full(key) };
        var answer = await CallAsync((m, o) => m.Kv.RangeAsync(request, o), isRead: true, cancellation);
        return answer.Kvs.Count > 0 ? _keys.Record(answer.Kvs[0]) : EtcdRecord.Absent(key);
    }

    /// <summary>Reads every key that begins with a prefix, page by page, all of one revision.</summary>
    /// <param name="prefix">What the keys begin with; empty for the whole fleet's.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="atRevision">The revision to read; 0 for the newest one.</param>
    /// <exception cref="EtcdCompactedException">The revision is gone; never for the newest one.</exception>
    public async Task<EtcdListing> ListAsync(string prefix, CancellationToken cancellation, long atRevision = 0)
    {
        while (true)
        {
            try
            {
                return await ListOnceAsync(prefix, atRevision, cancellation);
            }
            catch (EtcdCompactedException) when (atRevision == 0)
            {
                // Between two pages. The next try begins at the newest revision again.
                continue;
            }
        }
    }

    /// <summary>Commits a transaction. Once it was sent, its answer is waited for.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="cancellation">Gives up before it is sent.</param>
    /// <exception cref="EtcdOutcomeUnknownException">It may have been done, or still be done; never for one that only reads.</exception>
    public async Task<EtcdTransactionResult> CommitAsync(EtcdTransaction transaction, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var request = transaction.ToRequest(_keys);
        var onlyReads = transaction.OnlyReads;
        var answer = await CallAsync((m, o) => m.Kv.TxnAsync(request, o), onlyReads, onlyReads ? cancellation : CancellationToken.None);
        return new EtcdTransactionResult(
            answer.Succeeded,
            answer.Header.Revision,
            [.. answer.Responses.Where(r => r.ResponseRange is not null).Select(r => (IReadOnlyList<EtcdRecord>)[.. r.ResponseRange.Kvs.Select(_keys.Record)])]);
    }

    /// <summary>Makes a lease: what is written under it is deleted when it ends.</summary>
    /// <param name="timeToLive">How long it lives without being kept alive; whole seconds, at least 2. etcd may make it longer.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<EtcdLease> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellation)
    {
        // The id is chosen here, so that asking another member again makes no second one.
        var request = new LeaseGrantRequest { TTL = (long)timeToLive.TotalSeconds, ID = Random.Shared.NextInt64(1, long.MaxValue) };
        var asked = _time.GetTimestamp();
        try
        {
            var answer = await CallAsync((m, o) => m.Leases.LeaseGrantAsync(request, o), isRead: true, cancellation);
            return new EtcdLease(request.ID, TimeSpan.FromSeconds(answer.TTL), asked);
        }
        catch (EtcdRefusedException e) when (e.Code == StatusCode.FailedPrecondition)
        {
            // There is one of that id already: an attempt before this one was heard.
            return new EtcdLease(request.ID, timeToLive, asked);
        }
    }

    /// <summary>Keeps a lease alive for another time to live.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The lease as it is now; null when it is over, and what was written under it is gone.</returns>
    public async Task<EtcdLease?> KeepAliveAsync(EtcdLease lease, CancellationToken cancellation)
    {
        var asked = _time.GetTimestamp();
        var answer = await AttemptsAsync(
            async (member, options) =>
        {
            using var call = member.Leases.LeaseKeepAlive(options);
            await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = lease.Id }, options.CancellationToken);
            if (!await call.ResponseStream.MoveNext(options.CancellationToken))
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "the stream ended"));
            }

            return call.ResponseStream.Current;
        },
            isRead: true,
            cancellation);
        return answer.TTL > 0 ? new EtcdLease(lease.Id, TimeSpan.FromSeconds(answer.TTL), asked) : null;
    }

    /// <summary>Ends a lease, and deletes what was written under it. One that is over already is no error.</summary>
    public async Task RevokeAsync(EtcdLease lease, CancellationToken cancellation)
    {
        try
        {
            await CallAsync((m, o) => m.Leases.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease.Id }, o), isRead: true, cancellation);
        }
        catch (EtcdRefusedException e) when (e.Code == StatusCode.NotFound)
        {
            return;
        }
    }

    /// <summary>The cluster's newest revision.</summary>
    public async Task<long> RevisionAsync(CancellationToken cancellation)
    {
        var request = new RangeRequest { Key = _keys.Full(""), CountOnly = true };
        return (await CallAsync((m, o) => m.Kv.RangeAsync(request, o), isRead: true, cancellation)).Header.Revision;
    }

    /// <summary>Begins to watch every key that begins with a prefix. Of <see cref="EtcdFollower"/> it is the smallest part: one stream to one member.</summary>
    /// <param name="prefix">What the keys begin with.</param>
    /// <param name="fromRevision">The first revision that is of interest.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="EtcdCompactedException">That revision is gone.</exception>
    public Task<EtcdWatch> WatchAsync(string prefix, long fromRevision, CancellationToken cancellation)
    {
        var request = new WatchCreateRequest
        {
            Key = _keys.Full(prefix),
            RangeEnd = _keys.EndOf(prefix),
            StartRevision = fromRevision,
            ProgressNotify = true,
            Fragment = true,
        };
        return AttemptsAsync(
            (member, options) => EtcdWatch.OpenAsync(
                member.Watches.Watch(new CallOptions(options.Headers)), request, _keys, () => Leave(member), _options.AttemptTimeout, _time, cancellation),
            isRead: true,
            cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var member in _members)
        {
            member.Dispose();
        }
    }

    private async Task<EtcdListing> ListOnceAsync(string prefix, long atRevision, CancellationToken cancellation)
    {
        var records = new List<EtcdRecord>();
        var request = new RangeRequest { Key = _keys.Full(prefix), RangeEnd = _keys.EndOf(prefix), Limit = PageSize, Revision = atRevision };
        while (true)
        {
            RangeResponse page;
            try
            {
                page = await CallAsync((m, o) => m.Kv.RangeAsync(request, o), isRead: true, cancellation);
            }
            catch (EtcdRefusedException e) when (e.IsTooLarge && request.Limit > 1)
            {
                request.Limit = Math.Max(1, request.Limit / 4);
                continue;
            }

            request.Revision = request.Revision == 0 ? page.Header.Revision : request.Revision;
            records.AddRange(page.Kvs.Select(_keys.Record));
            if (!page.More)
            {
                return new EtcdListing(request.Revision, records);
            }

            // The next key in order is this one with a zero behind it.
            request.Key = ByteString.CopyFrom([.. page.Kvs[^1].Key.Span, 0]);
        }
    }

    private Task<T> CallAsync<T>(Func<EtcdMember, CallOptions, AsyncUnaryCall<T>> call, bool isRead, CancellationToken cancellation) =>
        AttemptsAsync(async (member, options) => await call(member, options), isRead, cancellation);

    /// <summary>Asks one member after the other, until one answers or the time is over.</summary>
    private async Task<T> AttemptsAsync<T>(Func<EtcdMember, CallOptions, Task<T>> attempt, bool isRead, CancellationToken cancellation)
    {
        var begun = _time.GetTimestamp();
        var logins = 0;
        for (var attempts = 1; ; attempts++)
        {
            var member = Current;
            Metadata? headers = null;
            EtcdUnavailableException failure;
            try
            {
                headers = await _login.HeadersAsync(member, cancellation);
                return await attempt(member, new CallOptions(headers, Deadlines.In(_options.AttemptTimeout), cancellation));
            }
            catch (RpcException e)
            {
                cancellation.ThrowIfCancellationRequested();
                failure = Judge(e, member, headers, isRead, ref logins);
            }

            Leave(member);
            if (_time.GetElapsedTime(begun) + _options.AttemptTimeout > _options.CallTimeout)
            {
                throw failure;
            }

            if (attempts % _members.Length == 0)
            {
                // All have been asked: an election takes a second or so.
                await Task.Delay(TimeSpan.FromMilliseconds(100 + Random.Shared.Next(200)), _time, cancellation);
            }
        }
    }

    /// <summary>Says why the next member is to be asked, or throws what the caller gets.</summary>
    private EtcdUnavailableException Judge(RpcException e, EtcdMember member, Metadata? headers, bool isRead, ref int logins)
    {
        var why = $"etcd at {member.Endpoint.Authority}: {EtcdFailures.Why(e)}";
        switch (EtcdFailures.Of(e))
        {
            case EtcdFailure.TokenExpired when headers is not null && logins++ < 3 && _login.Expired(headers):
            case EtcdFailure.NotBegun:
                return new EtcdUnavailableException(why, e);
            case EtcdFailure.Compacted:
                throw new EtcdCompactedException(0);

            // A log-in that got no answer was none of a write.
            case EtcdFailure.Unknown when isRead || headers is null:
                return new EtcdUnavailableException(why, e);
            case EtcdFailure.Unknown:
                Leave(member);
                throw new EtcdOutcomeUnknownException(why, e);
            default:
                throw new EtcdRefusedException(why, e);
        }
    }

    /// <summary>The next calls go to another member, unless they do already.</summary>
    private void Leave(EtcdMember member)
    {
        var index = _members.IndexOf(member);
        _ = Interlocked.CompareExchange(ref _current, (index + 1) % _members.Length, index);
    }
}
