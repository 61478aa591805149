using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Rpc;

/// <summary>
/// Lets few large subscriptions be read at a time: a WatchSessions request may have 64 MiB where others have 4, and is held whole until
/// its sessions are adopted. Small ones pass; so a connector without many sessions never waits for one that has.
/// </summary>
internal sealed class SubscriptionGate(SidecarOptions options, TimeProvider time) : IDisposable
{
    private const int PrefixLength = 5;
    private const int Large = 1 << 20;
    private const int MostAtATime = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReadWithin = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _large = new(MostAtATime);

    /// <summary>The subscription of a call has been taken in: the next may be read.</summary>
    public static void TakenIn(HttpContext http) => http.Features.Get<Turn>()?.Dispose();

    /// <summary>Stands before WatchSessions.</summary>
    public static void Guard(IEndpointConventionBuilder service) => service.Add(endpoint =>
    {
        if (endpoint.RequestDelegate is { } next)
        {
            endpoint.RequestDelegate = http => http.RequestServices.GetRequiredService<SubscriptionGate>().PassAsync(http, next);
        }
    });

    public void Dispose() => _large.Dispose();

    private async Task PassAsync(HttpContext http, RequestDelegate next)
    {
        var length = await LengthAsync(http.Request.BodyReader, http.RequestAborted);
        if (length <= Large || length > options.Limits.MaxSubscriptionSize)
        {
            await next(http);
            return;
        }

        using var bound = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, http.RequestAborted);
        try
        {
            await _large.WaitAsync(both.Token);
        }
        catch (OperationCanceledException)
        {
            await Refusal.WriteAsync(
                http, RpcErrors.Exhausted("SUBSCRIPTIONS_BUSY", "other large subscriptions are being read: try again in some seconds"));
            return;
        }

        using var turn = new Turn(_large, time.CreateTimer(_ => http.Abort(), null, ReadWithin, Timeout.InfiniteTimeSpan));
        http.Features.Set(turn);
        await next(http);
    }

    /// <summary>The length that stands before the message, which is read but not taken.</summary>
    private static async ValueTask<uint> LengthAsync(PipeReader body, CancellationToken cancellation)
    {
        var read = await body.ReadAtLeastAsync(PrefixLength, cancellation);
        uint length = 0;
        if (read.Buffer.Length >= PrefixLength)
        {
            Span<byte> prefix = stackalloc byte[PrefixLength];
            read.Buffer.Slice(0, PrefixLength).CopyTo(prefix);
            length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        }

        body.AdvanceTo(read.Buffer.Start);
        return length;
    }

    private sealed class Turn(SemaphoreSlim large, ITimer tooLate) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                tooLate.Dispose();
                large.Release();
            }
        }
    }
}
