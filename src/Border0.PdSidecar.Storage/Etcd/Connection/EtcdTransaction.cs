using Border0.PdSidecar.Storage.Etcd.Connection.Protocol;
using Google.Protobuf;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>
/// Conditions and what to do when all of them hold, as one atomic step at one revision. At most 128 operations (etcd's default), each key
/// written once. Keys are without the fleet's prefix. For one thread, and for one commit.
/// </summary>
public sealed class EtcdTransaction
{
    private readonly List<(string Key, Compare Compare)> _conditions = [];
    private readonly List<(string Key, bool IsPrefix, RequestOp Operation)> _then = [];
    private readonly List<(string Key, bool IsPrefix, RequestOp Operation)> _otherwise = [];

    /// <summary>How many operations it has when its conditions hold.</summary>
    public int Count => _then.Count;

    /// <summary>The key is not there.</summary>
    public EtcdTransaction IfAbsent(string key) => If(key, new Compare { Target = Compare.Types.CompareTarget.Create, CreateRevision = 0 });

    /// <summary>The key was made at this revision, and not deleted since: what an election's fencing token is compared with.</summary>
    public EtcdTransaction IfCreatedAt(string key, long revision) => If(key, new Compare { Target = Compare.Types.CompareTarget.Create, CreateRevision = revision });

    /// <summary>The key was last written at this revision; 0: it is not there.</summary>
    public EtcdTransaction IfUnchanged(string key, long modRevision) => If(key, new Compare { Target = Compare.Types.CompareTarget.Mod, ModRevision = modRevision });

    /// <summary>The key goes with this lease.</summary>
    public EtcdTransaction IfLeasedBy(string key, long lease) => If(key, new Compare { Target = Compare.Types.CompareTarget.Lease, Lease = lease });

    /// <summary>The key has this value.</summary>
    public EtcdTransaction IfValue(string key, ByteString value) => If(key, new Compare { Target = Compare.Types.CompareTarget.Value, Value = value });

    /// <summary>Writes a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value; etcd takes 1.5 MiB for a whole transaction by default.</param>
    /// <param name="lease">The lease that it is deleted with; 0: it stays.</param>
    public EtcdTransaction Put(string key, ByteString value, long lease = 0) => Then(key, false, new RequestOp { RequestPut = new PutRequest { Value = value, Lease = lease } });

    /// <summary>Deletes a key, if it is there.</summary>
    public EtcdTransaction Delete(string key) => Then(key, false, new RequestOp { RequestDeleteRange = new DeleteRangeRequest() });

    /// <summary>Deletes every key that begins with this.</summary>
    public EtcdTransaction DeleteAll(string prefix) => Then(prefix, true, new RequestOp { RequestDeleteRange = new DeleteRangeRequest() });

    /// <summary>Reads a key in the same step. Without any condition: several keys of one moment.</summary>
    public EtcdTransaction Get(string key) => Then(key, false, new RequestOp { RequestRange = new RangeRequest() });

    /// <summary>Reads every key that begins with this in the same step. For few and small ones: there are no pages.</summary>
    public EtcdTransaction GetAll(string prefix) => Then(prefix, true, new RequestOp { RequestRange = new RangeRequest() });

    /// <summary>Reads a key in the same step when a condition does not hold.</summary>
    public EtcdTransaction OtherwiseGet(string key)
    {
        _otherwise.Add((key, false, new RequestOp { RequestRange = new RangeRequest() }));
        return this;
    }

    /// <summary>Whether it only reads, so that it can be asked again without harm.</summary>
    internal bool OnlyReads => _then.Concat(_otherwise).All(o => o.Operation.RequestRange is not null);

    internal TxnRequest ToRequest(EtcdKeys keys)
    {
        var request = new TxnRequest();
        foreach (var (key, compare) in _conditions)
        {
            compare.Key = keys.Full(key);
            request.Compare.Add(compare);
        }

        request.Success.AddRange(_then.Select(o => Filled(o, keys)));
        request.Failure.AddRange(_otherwise.Select(o => Filled(o, keys)));
        return request;
    }

    private static RequestOp Filled((string Key, bool IsPrefix, RequestOp Operation) step, EtcdKeys keys)
    {
        var (key, end) = (keys.Full(step.Key), step.IsPrefix ? keys.EndOf(step.Key) : ByteString.Empty);
        switch (step.Operation.RequestCase)
        {
            case RequestOp.RequestOneofCase.RequestPut:
                step.Operation.RequestPut.Key = key;
                break;
            case RequestOp.RequestOneofCase.RequestRange:
                (step.Operation.RequestRange.Key, step.Operation.RequestRange.RangeEnd) = (key, end);
                break;
            default:
                (step.Operation.RequestDeleteRange.Key, step.Operation.RequestDeleteRange.RangeEnd) = (key, end);
                break;
        }

        return step.Operation;
    }

    private EtcdTransaction If(string key, Compare compare)
    {
        _conditions.Add((key, compare));
        return this;
    }

    private EtcdTransaction Then(string key, bool isPrefix, RequestOp operation)
    {
        _then.Add((key, isPrefix, operation));
        return this;
    }
}

/// <summary>What became of a transaction.</summary>
/// <param name="Succeeded">Whether its conditions held, and all of it was done.</param>
/// <param name="Revision">The cluster's revision afterwards: of what was written, when something was.</param>
/// <param name="Reads">What its reads found, in their order, one listing for each.</param>
public sealed record EtcdTransactionResult(bool Succeeded, long Revision, IReadOnlyList<IReadOnlyList<EtcdRecord>> Reads);
