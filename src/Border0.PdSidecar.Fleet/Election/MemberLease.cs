using Border0.PdSidecar.Storage.Etcd.Connection;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Fleet.Election;

/// <summary>
/// This sidecar's lease: what makes it a member, and what every integration that it polls is held by. One for a process, so that a fleet
/// costs etcd one sign of life for each sidecar. Safe from any thread.
/// </summary>
internal sealed partial class MemberLease(EtcdClient etcd, string member, FleetOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(500);

    private volatile EtcdLease? _lease;

    /// <summary>Raised when it is granted, lost, running out or held again. Handlers must be quick.</summary>
    public event Action? Changed;

    /// <summary>The lease's id; 0 when there is none.</summary>
    public long Id => _lease?.Id ?? 0;

    /// <summary>
    /// Whether it certainly has not run out. By a clock that goes on while the process stands still; etcd counts from when it was asked, or later.
    /// </summary>
    public bool Holds => _lease is { } lease && lease.Left(time) > options.LeaseMargin;

    /// <summary>Becomes a member and stays one until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                if (_lease is not { } lease)
                {
                    await JoinAsync(cancellation);
                }
                else if (await etcd.KeepAliveAsync(lease, cancellation) is { } kept)
                {
                    var held = Holds;
                    _lease = kept;
                    if (!held)
                    {
                        Changed?.Invoke();
                    }
                }
                else
                {
                    LeaseLost(logger, member);
                    _lease = null;
                    Changed?.Invoke();
                    continue;
                }

                await Task.Delay(options.LeaseTimeToLive / 3, time, cancellation);
            }
            catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException)
            {
                LeaseNotKept(logger, member, e.Message);
                await Task.Delay(PauseAfterFailure, time, cancellation);
            }
        }
    }

    /// <summary>Tells when the lease has run out without anybody saying so: etcd is away.</summary>
    public async Task WatchAsync(CancellationToken cancellation)
    {
        var held = false;
        while (true)
        {
            var left = _lease is { } lease ? lease.Left(time) - options.LeaseMargin : options.LeaseTimeToLive;
            await Task.Delay(left > TimeSpan.Zero ? left : options.LeaseTimeToLive / 10, time, cancellation);
            if (held && !Holds)
            {
                Changed?.Invoke();
            }

            held = Holds;
        }
    }

    /// <summary>Leaves at once: others need not wait for the lease to run out.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        if (_lease is not { } lease)
        {
            return;
        }

        _lease = null;
        try
        {
            await etcd.RevokeAsync(lease, cancellation);
        }
        catch (Exception e) when (e is EtcdUnavailableException or EtcdRefusedException or OperationCanceledException)
        {
            // Then it runs out.
            LeaseNotKept(logger, member, e.Message);
        }
    }

    private async Task JoinAsync(CancellationToken cancellation)
    {
        var lease = await etcd.GrantLeaseAsync(options.LeaseTimeToLive, cancellation);
        await etcd.CommitAsync(new EtcdTransaction().Put(FleetKeys.Member(member), ByteString.CopyFromUtf8(options.Name), lease.Id), cancellation);
        _lease = lease;
        Joined(logger, member, options.Name);
        Changed?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Information, EventName = "FleetJoined", Message = "Member {Member} of the fleet, as {Name}")]
    private static partial void Joined(ILogger logger, string member, string name);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "FleetLeaseLost", Message = "The lease of member {Member} ran out: others may poll what this sidecar polled")]
    private static partial void LeaseLost(ILogger logger, string member);

    [LoggerMessage(Level = LogLevel.Warning, EventName = "FleetLeaseNotKept", Message = "The lease of member {Member} could not be kept alive: {Why}")]
    private static partial void LeaseNotKept(ILogger logger, string member, string why);
}
