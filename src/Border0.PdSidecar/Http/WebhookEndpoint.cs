using System.Buffers;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.Http;

/// <summary>POST /webhooks/pagerduty/v3/{integration}: the raw body, bounded in size and time, to the receiver.</summary>
/// <remarks>Nobody has shown who they are before the whole body is read: so few are read at a time, fewer still of them large.</remarks>
internal sealed class WebhookEndpoint(WebhookReceiver receiver, SidecarOptions options, TimeProvider time) : IDisposable
{
    private const int Large = 64 * 1024;
    private static readonly TimeSpan ReadWithin = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _any = new(options.Limits.MaxWebhooks);
    private readonly SemaphoreSlim _large = new(Math.Max(1, options.Limits.MaxWebhooks / 16));

    public void Dispose()
    {
        _any.Dispose();
        _large.Dispose();
    }

    /// <summary>Takes one delivery.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!await _any.WaitAsync(TimeSpan.Zero))
        {
            // PagerDuty delivers again what is answered so.
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "5";
            WebhookReceiver.Unread("Busy");
            return;
        }

        try
        {
            await TakeAsync(context);
        }
        finally
        {
            _any.Release();
        }
    }

    private async Task TakeAsync(HttpContext context)
    {
        var request = context.Request;
        var organization = request.Query["organization_id"].ToString();
        var key = new IntegrationKey(organization.Length > 0 ? organization : options.DefaultOrganization, request.RouteValues["integration"]?.ToString() ?? "");
        using var bound = new CancellationTokenSource(ReadWithin, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, context.RequestAborted);
        WebhookOutcome outcome;
        try
        {
            outcome = await ReadAsync(request, both.Token) is { } body
                ? receiver.Receive(key, request.Headers["X-PagerDuty-Signature"], request.Headers["X-Webhook-Id"], body)
                : TooLarge();
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status408RequestTimeout;
            WebhookReceiver.Unread("TooSlow");
            return;
        }

        context.Response.StatusCode = outcome switch
        {
            WebhookOutcome.Accepted or WebhookOutcome.AcceptedDuplicate => StatusCodes.Status202Accepted,
            WebhookOutcome.BadHeader or WebhookOutcome.BadBody => StatusCodes.Status400BadRequest,
            WebhookOutcome.BadSignature => StatusCodes.Status403Forbidden,
            WebhookOutcome.UnknownIntegration => StatusCodes.Status404NotFound,
            _ => StatusCodes.Status413PayloadTooLarge,
        };
    }

    /// <summary>The body; null when it is too large.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (request.ContentLength > WebhookReceiver.MaxBodyBytes)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>();
        var isLarge = false;
        try
        {
            while (true)
            {
                var read = await request.Body.ReadAsync(buffer.GetMemory(4096), cancellation);
                if (read == 0)
                {
                    return buffer.WrittenMemory;
                }

                buffer.Advance(read);
                if (buffer.WrittenCount > WebhookReceiver.MaxBodyBytes)
                {
                    return null;
                }

                if (!isLarge && buffer.WrittenCount > Large)
                {
                    await _large.WaitAsync(cancellation);
                    isLarge = true;
                }
            }
        }
        finally
        {
            if (isLarge)
            {
                _large.Release();
            }
        }
    }

    private static WebhookOutcome TooLarge()
    {
        WebhookReceiver.Unread(nameof(WebhookOutcome.TooLarge));
        return WebhookOutcome.TooLarge;
    }
}
