using System.IO.Pipelines;
using Border0.PdSidecar.Configuration;
using Microsoft.AspNetCore.Http.Features;

namespace Border0.PdSidecar.Rpc;

/// <summary>
/// Bounds the messages that have come in part: a message is held until it is whole, and callers that send the first megabytes of many and
/// then wait would hold any amount. What comes whole is not counted.
/// </summary>
internal sealed class UnfinishedMessages(SidecarOptions options, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private long _held;

    /// <summary>Stands before every method of a service.</summary>
    public static void Guard(IEndpointConventionBuilder service) => service.Add(endpoint =>
    {
        if (endpoint.RequestDelegate is { } next)
        {
            endpoint.RequestDelegate = http =>
            {
                http.Features.Set<IRequestBodyPipeFeature>(new Body(http, http.Request.BodyReader));
                return next(http);
            };
        }
    });

    private long Most => options.Limits.MaxUnfinishedMessages;

    private ITimer Timer(HttpContext http) => time.CreateTimer(static http => ((HttpContext)http!).Abort(), http, Patience, Timeout.InfiniteTimeSpan);

    /// <summary>A request's body, which sees by what is left of each read that a message is not whole.</summary>
    private sealed class Body(HttpContext http, PipeReader inner) : PipeReader, IRequestBodyPipeFeature, IDisposable
    {
        private UnfinishedMessages? _all;
        private ITimer? _tooLate;
        private long _held;
        private bool _isUnfinished;

        public PipeReader Reader => this;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            _isUnfinished ? ReadMoreAsync(cancellationToken) : inner.ReadAsync(cancellationToken);

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _isUnfinished = !consumed.Equals(examined);
            if (!_isUnfinished && _all is not null)
            {
                Release();
            }

            inner.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public void Dispose() => Release();

        private async ValueTask<ReadResult> ReadMoreAsync(CancellationToken cancellation)
        {
            if (_all is null)
            {
                _all = http.RequestServices.GetRequiredService<UnfinishedMessages>();
                http.Response.RegisterForDispose(this);
            }

            _tooLate ??= _all.Timer(http);
            var read = await inner.ReadAsync(cancellation);
            var more = read.Buffer.Length - _held;
            _held += more;
            if (Interlocked.Add(ref _all._held, more) <= _all.Most)
            {
                return read;
            }

            Release();
            throw RpcErrors.Exhausted("MESSAGES_BUSY", "too much is held of messages that are not whole yet (max_unfinished_messages): try again in some seconds");
        }

        private void Release()
        {
            if (_all is not null)
            {
                Interlocked.Add(ref _all._held, -_held);
                _held = 0;
                _tooLate?.Dispose();
                _tooLate = null;
            }
        }
    }

}
