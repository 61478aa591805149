using System.Net;
using System.Text;
using Border0.PdSidecar.Fuzz.Running;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>Deliveries over HTTP to the whole sidecar: the first line of an input is path and query, the second the signature header, the rest the body.</summary>
internal sealed class WebhookHttpTarget : FuzzTarget
{
    private static readonly byte[] Body = """{"event":{"id":"E1","event_type":"pagey.ping","occurred_at":"2026-11-23T12:00:04Z","data":{"type":"ping"}}}"""u8.ToArray();
    private static readonly HttpStatusCode[] Documented =
    [
        HttpStatusCode.Accepted, HttpStatusCode.BadRequest, HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.RequestEntityTooLarge,

        // Of a path that is not a webhook's, and of a line or headers longer than the server reads.
        HttpStatusCode.MethodNotAllowed, HttpStatusCode.RequestUriTooLong, HttpStatusCode.RequestHeaderFieldsTooLarge,
    ];

    private readonly RunningSidecar _sidecar = RunningSidecar.StartAsync().GetAwaiter().GetResult();
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public override string Name => "webhook-http";

    public override string About => "POSTs to the webhook's path, against the whole sidecar";

    public override int Longest => (2 << 20) + 4096;

    public override IReadOnlyList<byte[]> Examples { get; } =
    [
        .. ((IReadOnlyList<string>)["pd\n" + WebhookRoom.Sign(Body) + "\n", "pd?organization_id=default\n" + WebhookRoom.Sign(Body) + "\n", "PD\nv1=00\n", "nobody\n\n", "%2e%2e/x?organization_id=%00\nx\n", "pd/\n\n"])
            .Select(e => (byte[])[.. Encoding.UTF8.GetBytes(e), .. Body]),
    ];

    public override IReadOnlyList<byte[]> Words { get; } = ["organization_id="u8.ToArray(), "%00"u8.ToArray(), "%ff"u8.ToArray(), "?"u8.ToArray(), "&"u8.ToArray(), "\n"u8.ToArray(), "pd"u8.ToArray(), "v1="u8.ToArray()];

    public override long AllocationBound(int size) => (64L << 20) + 64L * size;

    public override long Allocated() => GC.GetTotalAllocatedBytes();

    public override void Run(byte[] input)
    {
        var path = Line(ref input);
        var signature = Line(ref input);
        var address = $"{_sidecar.Http}webhooks/pagerduty/v3/{new string([.. path.Where(c => c > ' ' && c < 0x7f)])}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Authority != _sidecar.Http.Authority || uri.OriginalString.Length > 8000)
        {
            return;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(input) };
        var header = new string([.. signature.Where(c => c >= ' ' && c < 0x7f).Take(8000)]);
        if (header.Length > 0)
        {
            request.Headers.TryAddWithoutValidation("X-PagerDuty-Signature", header);
        }

        using var response = _http.SendAsync(request, CancellationToken.None).GetAwaiter().GetResult();
        FuzzFinding.Unless(Documented.Contains(response.StatusCode), $"{(int)response.StatusCode}");
        FuzzFinding.Unless(response.StatusCode != HttpStatusCode.Accepted || input.AsSpan().SequenceEqual(Body) || header.Contains(WebhookRoom.Sign(input), StringComparison.OrdinalIgnoreCase), "a body is taken that nobody signed");
    }

    protected override async ValueTask EndAsync()
    {
        _http.Dispose();
        await _sidecar.DisposeAsync();
    }

    private static string Line(ref byte[] input)
    {
        var end = input.AsSpan().IndexOf((byte)'\n');
        var line = Encoding.Latin1.GetString(end < 0 ? input : input.AsSpan(0, end));
        input = end < 0 ? [] : input[(end + 1)..];
        return line;
    }
}
