using System.Net.Http.Headers;

namespace Border0.PdSidecar.Client;

/// <summary>Sends the token with every call.</summary>
internal sealed class BearerToken(SidecarCredentials credentials, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly TimeSpan LooksAfter = TimeSpan.FromSeconds(1);
    private volatile Read? _read;

    private sealed record Read(AuthenticationHeaderValue Header, long At);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = Header();
        return base.SendAsync(request, cancellationToken);
    }

    private AuthenticationHeaderValue Header()
    {
        if (_read is { } known && (credentials.TokenFile.Length == 0 || TimeProvider.System.GetElapsedTime(known.At) < LooksAfter))
        {
            return known.Header;
        }

        var token = credentials.TokenFile.Length > 0 ? File.ReadAllText(credentials.TokenFile).Trim() : credentials.Token;
        if (token.Length == 0 || token.Any(c => c is <= ' ' or > '~'))
        {
            // Said without it: errors are logged.
            throw new InvalidOperationException("the token is empty, or has characters that no token has");
        }

        _read = new Read(new AuthenticationHeaderValue("Bearer", token), TimeProvider.System.GetTimestamp());
        return _read.Header;
    }
}
