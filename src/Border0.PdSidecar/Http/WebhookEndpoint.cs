using System.Buffers;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine;
using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.Http;

/// <summary>POST /webhooks/pagerduty/v3/{integration}: the raw body, bounded in size and time, to the receiver.</summary>
internal sealed class WebhookEndpoint(WebhookReceiver receiver, SidecarOptions options, TimeProvider time)
{
    private static readonly TimeSpan ReadWithin = TimeSpan.FromSeconds(5);

    /// <summary>Takes one delivery.</summary>
    public async Task HandleAsync(HttpContext context)
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
                : WebhookOutcome.TooLarge;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status408RequestTimeout;
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
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (request.ContentLength > WebhookReceiver.MaxBodyBytes)
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>();
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
        }
    }
}
