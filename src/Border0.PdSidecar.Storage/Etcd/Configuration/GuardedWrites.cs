using Border0.PdSidecar.Storage.Etcd.Connection;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Etcd.Configuration;

/// <summary>
/// Writes that hold for what they have read. The guard of an organization names its latest writes: so a writer whom no answer reaches can
/// tell afterwards whether its write was done, and where it was not, keep it from being done later by writing the guard itself.
/// Thread-safe.
/// </summary>
internal sealed class GuardedWrites(EtcdClient client, TimeProvider time)
{
    private const int Remembered = 32;
    private const int Contention = 200;
    private readonly Lock _lock = new();
    private readonly Queue<ulong> _own = new();

    /// <summary>Whether a write was one of this process.</summary>
    public bool IsOwn(ulong write)
    {
        lock (_lock)
        {
            return _own.Contains(write);
        }
    }

    /// <summary>Reads a key and what else is asked for, lets the caller decide, and writes if all of that still is so; else once more.</summary>
    /// <param name="organization">The organization that is written in.</param>
    /// <param name="key">The key that is decided on.</param>
    /// <param name="alsoUnder">A prefix whose records the decision needs too, or null.</param>
    /// <param name="decide">Gives what to write, or null for nothing. May be asked several times.</param>
    /// <param name="check">Throws at a record that forbids the use of the store.</param>
    /// <param name="format">The format that is written where none is.</param>
    /// <param name="cancellation">Gives up before something is sent.</param>
    /// <returns>The revision of the write; 0 when there was nothing to write.</returns>
    /// <exception cref="EtcdOutcomeUnknownException">Neither the write nor what became of it could be learned in time.</exception>
    public async Task<long> RunAsync(
        string organization,
        string key,
        string? alsoUnder,
        Func<EtcdRecord, IReadOnlyList<EtcdRecord>, Action<EtcdTransaction>?> decide,
        Action<EtcdRecord> check,
        string format,
        CancellationToken cancellation)
    {
        var guardKey = ConfigurationKeys.Guard(organization);
        for (var tries = 0; tries < Contention; tries++)
        {
            var reads = new EtcdTransaction().Get(guardKey).Get(key).Get(ConfigurationKeys.Format).Get(ConfigurationKeys.Migration);
            var found = (await client.CommitAsync(alsoUnder is null ? reads : reads.GetAll(alsoUnder), cancellation)).Reads;
            foreach (var record in found[2].Concat(found[3]))
            {
                Checked(check, record);
            }

            var guard = found[0].Count > 0 ? found[0][0] : EtcdRecord.Absent(guardKey);
            var current = found[1].Count > 0 ? found[1][0] : EtcdRecord.Absent(key);
            if (Decided(decide, current, alsoUnder is null ? [] : found[4]) is not { } write)
            {
                return 0;
            }

            var id = NewWrite();
            var transaction = new EtcdTransaction().IfUnchanged(guardKey, guard.ModRevision).IfUnchanged(key, current.ModRevision).IfAbsent(ConfigurationKeys.Migration);
            write(transaction);
            transaction.Put(guardKey, Next(guard, id));
            if (found[2].Count == 0)
            {
                transaction.Put(ConfigurationKeys.Format, ByteString.CopyFromUtf8(format));
            }

            if (await CommitAsync(transaction, key, guard, id, cancellation) is { } revision)
            {
                return revision;
            }
        }

        throw new EtcdUnavailableException($"organization {organization} is written to by too many at once");
    }

    /// <summary>The newest write that a guard names.</summary>
    public static ulong NewestOf(EtcdRecord guard) => Read(guard).Writes is [.., var newest] ? newest : 0;

    private static Action<EtcdTransaction>? Decided(Func<EtcdRecord, IReadOnlyList<EtcdRecord>, Action<EtcdTransaction>?> decide, EtcdRecord current, IReadOnlyList<EtcdRecord> others)
    {
        try
        {
            return decide(current, others);
        }
        catch (StorageUnusableException e)
        {
            throw new StorageUnavailableException(e.Message, e);
        }
    }

    private static void Checked(Action<EtcdRecord> check, EtcdRecord record)
    {
        try
        {
            check(record);
        }
        catch (StorageUnusableException e)
        {
            throw new StorageUnavailableException(e.Message, e);
        }
    }

    private static Guard Read(EtcdRecord guard)
    {
        try
        {
            return Guard.Parser.ParseFrom(guard.Value);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new StorageUnavailableException($"etcd key {guard.Key} holds what this program did not write: delete it", e);
        }
    }

    private static ByteString Next(EtcdRecord guard, ulong id)
    {
        var next = new Guard();
        next.Writes.AddRange(Read(guard).Writes.TakeLast(Remembered - 1));
        next.Writes.Add(id);
        return next.ToByteString();
    }

    private ulong NewWrite()
    {
        var id = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
        lock (_lock)
        {
            _own.Enqueue(id);
            if (_own.Count > Remembered * 4)
            {
                _own.Dequeue();
            }
        }

        return id;
    }

    /// <returns>The revision; null when it certainly was not written, and never will be.</returns>
    private async Task<long?> CommitAsync(EtcdTransaction transaction, string key, EtcdRecord guard, ulong id, CancellationToken cancellation)
    {
        try
        {
            var result = await client.CommitAsync(transaction, cancellation);
            return result.Succeeded ? result.Revision : null;
        }
        catch (EtcdOutcomeUnknownException e)
        {
            return await SettleAsync(key, guard, id, e);
        }
    }

    /// <summary>Finds out what became of a write, and ends it for good when it was not done.</summary>
    private async Task<long?> SettleAsync(string key, EtcdRecord before, ulong id, EtcdOutcomeUnknownException unknown)
    {
        var begun = time.GetTimestamp();
        while (time.GetElapsedTime(begun) < client.Options.CallTimeout)
        {
            try
            {
                var found = (await client.CommitAsync(new EtcdTransaction().Get(before.Key).Get(key), CancellationToken.None)).Reads;
                var now = found[0].Count > 0 ? found[0][0] : EtcdRecord.Absent(before.Key);
                var writes = Read(now).Writes;
                if (writes.Contains(id))
                {
                    // Behind it somebody else may have written already. Nobody wrote between what was read before and it.
                    return writes[^1] == id ? now.ModRevision : before.ModRevision + 1;
                }

                if (now.ModRevision != before.ModRevision)
                {
                    // The comparison with the guard fails from now on. That it was done before, and is forgotten already, takes many writes.
                    return now.Version > before.Version && now.Version - before.Version < Remembered ? null : throw unknown;
                }

                if ((await client.CommitAsync(new EtcdTransaction().IfUnchanged(before.Key, before.ModRevision).Put(before.Key, Next(before, NewWrite())), CancellationToken.None)).Succeeded)
                {
                    return null;
                }
            }
            catch (EtcdUnavailableException e) when (!ReferenceEquals(e, unknown))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, CancellationToken.None);
            }
        }

        throw unknown;
    }
}
