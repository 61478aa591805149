using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Access.Tls;

/// <summary>The certificate files of a listener.</summary>
/// <param name="CertificateKey">The configuration's key that names the certificate.</param>
/// <param name="Certificate">The certificate chain.</param>
/// <param name="PrivateKey">Its private key.</param>
internal sealed record TlsFiles(string CertificateKey, string Certificate, string PrivateKey)
{
    /// <summary>Those of the gRPC listener; null for none.</summary>
    public static TlsFiles? OfGrpc(SidecarOptions options) => Of("grpc_tls_cert", options.GrpcTlsCert, options.GrpcTlsKey, options.GrpcTcp, options);

    /// <summary>Those of the HTTP listener; null for none.</summary>
    public static TlsFiles? OfHttp(SidecarOptions options) => Of("http_tls_cert", options.HttpTlsCert, options.HttpTlsKey, options.Http, options);

    private static TlsFiles? Of(string name, string certificate, string key, ListenAddress address, SidecarOptions options) =>
        certificate.Length > 0 ? new(name, certificate, key)
        : !address.IsLoopback && options.TlsCertificate.Length > 0 ? new("tls_certificate", options.TlsCertificate, options.TlsKey)
        : null;
}
