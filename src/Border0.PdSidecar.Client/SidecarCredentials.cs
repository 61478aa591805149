namespace Border0.PdSidecar.Client;

/// <summary>
/// What a connector shows a sidecar that asks who it is: a token, a client certificate, or both (the token then decides alone). Files are
/// read again for every new connection, so that what is renewed needs no restart. Never printed.
/// </summary>
public sealed record SidecarCredentials
{
    /// <summary>None: what the Unix socket and loopback need by default.</summary>
    public static SidecarCredentials None { get; } = new();

    /// <summary>The token itself (<c>pdsc_…</c>, of <c>pdsidecar token create</c>), or empty.</summary>
    public string Token { get; init; } = "";

    /// <summary>A file that holds the token, in place of <see cref="Token"/>; looked at again every second. Or empty.</summary>
    public string TokenFile { get; init; } = "";

    /// <summary>
    /// PEM file of the authorities that the sidecar's certificate may be of: these and no others. Empty: those that the system trusts.
    /// For https only.
    /// </summary>
    public string ServerCaFile { get; init; } = "";

    /// <summary>PEM file of the client certificate, followed by those that lead to its authority, or empty. For https only.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>PEM file of the client certificate's private key, not encrypted. Needed with <see cref="CertificateFile"/>.</summary>
    public string KeyFile { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() =>
        $"{(Token.Length > 0 || TokenFile.Length > 0 ? "a token" : "no token")}, {(CertificateFile.Length > 0 ? CertificateFile : "no certificate")}";

    internal void Validate(Uri address, bool isUnixSocket)
    {
        if (Token.Length > 0 && TokenFile.Length > 0)
        {
            throw new ArgumentException($"{nameof(Token)} and {nameof(TokenFile)} are two tokens: give one");
        }

        if (CertificateFile.Length > 0 != KeyFile.Length > 0)
        {
            throw new ArgumentException($"{nameof(CertificateFile)} and {nameof(KeyFile)} need each other");
        }

        if (address.Scheme != Uri.UriSchemeHttps && (ServerCaFile.Length > 0 || CertificateFile.Length > 0))
        {
            throw new ArgumentException($"certificates need an https address, and '{(isUnixSocket ? "unix" : address.Scheme)}' has no TLS");
        }

        if (address.Scheme != Uri.UriSchemeHttps && !isUnixSocket && !address.IsLoopback && (Token.Length > 0 || TokenFile.Length > 0))
        {
            throw new ArgumentException($"'{address.GetLeftPart(UriPartial.Authority)}' is neither https nor loopback: a token that is sent there can be read on its way");
        }
    }
}
