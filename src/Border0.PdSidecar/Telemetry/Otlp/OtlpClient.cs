using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Border0.PdSidecar.Configuration;
using Grpc.Core;

namespace Border0.PdSidecar.Telemetry.Otlp;

/// <summary>Sends requests to a collector, over gRPC or over HTTP with protobuf bodies.</summary>
internal sealed class OtlpClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly OtlpOptions _options;
    private readonly Uri _endpoint;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public OtlpClient(OtlpOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _endpoint = new Uri(options.Endpoint!.AbsoluteUri.TrimEnd('/') + "/");
        _http = new HttpClient(new SocketsHttpHandler
        {
            // A redirect would take the headers, which may be secrets, to another host.
            AllowAutoRedirect = false,
            UseCookies = false,

            // What is sent about traces is no part of them.
            ActivityHeadersPropagator = null,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = Patience,
        });
        _http.Timeout = Timeout.InfiniteTimeSpan;
    }

    /// <summary>Sends one request. Throws for nothing but cancellation.</summary>
    public async Task<OtlpAnswer> SendAsync(OtlpSignal signal, ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(Patience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            using var message = _options.IsGrpc ? OverGrpc(signal, request) : OverHttp(signal, request);
            foreach (var (name, value) in OtlpHeaders.Read(_options.HeadersFile))
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await _http.SendAsync(message, both.Token);
            var body = await response.Content.ReadAsByteArrayAsync(both.Token);
            return response.StatusCode != HttpStatusCode.OK ? OfHttp(response) : _options.IsGrpc ? OfGrpc(response) : OtlpAnswer.Taken;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return OtlpAnswer.Failed($"no answer within {Patience.TotalSeconds:0} s", mayRetry: true);
        }
        catch (HttpRequestException e)
        {
            return OtlpAnswer.Failed(e.HttpRequestError == HttpRequestError.Unknown ? "the connection broke" : e.HttpRequestError.ToString(), mayRetry: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return OtlpAnswer.Failed(e.Message, mayRetry: true);
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage OverGrpc(OtlpSignal signal, ReadOnlyMemory<byte> request)
    {
        // gRPC's frame: not compressed, the length, the message.
        var framed = new byte[5 + request.Length];
        BinaryPrimitives.WriteUInt32BigEndian(framed.AsSpan(1), (uint)request.Length);
        request.CopyTo(framed.AsMemory(5));
        var message = new HttpRequestMessage(HttpMethod.Post, new Uri(_endpoint, signal.GrpcPath))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        message.Headers.TryAddWithoutValidation("te", "trailers");
        message.Headers.TryAddWithoutValidation("grpc-timeout", string.Create(CultureInfo.InvariantCulture, $"{Patience.TotalSeconds:0}S"));
        return message;
    }

    private HttpRequestMessage OverHttp(OtlpSignal signal, ReadOnlyMemory<byte> request) => new(HttpMethod.Post, new Uri(_endpoint, signal.HttpPath))
    {
        Content = new ReadOnlyMemoryContent(request) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } },
    };

    private OtlpAnswer OfHttp(HttpResponseMessage response)
    {
        var mayRetry = (int)response.StatusCode is 429 or 502 or 503 or 504;
        var after = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - _time.GetUtcNow() : null;
        return OtlpAnswer.Failed($"the collector answered {(int)response.StatusCode}", mayRetry, after);
    }

    private static OtlpAnswer OfGrpc(HttpResponseMessage response)
    {
        // In the headers where there is nothing else to say.
        var text = response.TrailingHeaders.TryGetValues("grpc-status", out var trailers) ? trailers.FirstOrDefault()
            : response.Headers.TryGetValues("grpc-status", out var headers) ? headers.FirstOrDefault() : null;
        var status = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? (StatusCode)code : StatusCode.Unknown;
        var mayRetry = status is StatusCode.Cancelled or StatusCode.DeadlineExceeded or StatusCode.Aborted or StatusCode.OutOfRange or StatusCode.Unavailable or StatusCode.DataLoss;
        return status == StatusCode.OK ? OtlpAnswer.Taken : OtlpAnswer.Failed($"the collector answered {StatusNames.Of(status)}", mayRetry);
    }
}
