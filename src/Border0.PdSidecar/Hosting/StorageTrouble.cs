namespace Border0.PdSidecar.Hosting;

/// <summary>What the disk, or something else that is written to, does not take at present; or a file that cannot be read again.</summary>
/// <param name="Part">"configuration", "sessions", "facts", "decision_log", "tokens", "fleet", or the key of a certificate's file.</param>
/// <param name="Message">Why.</param>
internal sealed record StorageTrouble(string Part, string Message)
{
    /// <summary>Integrations and policies: without it, nothing of them can be changed.</summary>
    public const string Configuration = "configuration";

    /// <summary>What it means for callers.</summary>
    public string Consequence => Part switch
    {
        Configuration => "integrations and policies cannot be changed; decisions go on",
        "sessions" => "sessions and revocations are kept in memory only; decisions and revocations go on, but a restart would not know of these",
        "facts" => "a restart would begin with older facts",
        "fleet" => "facts of PagerDuty that other sidecars poll do not arrive and grow old; decisions go on within the bounds of staleness",
        "tokens" => "tokens are as they were before; a revocation since then is not in force",
        "grpc_tls_cert" or "http_tls_cert" or "tls_certificate" or "grpc_client_ca" => "what the file held before is in force",
        _ => "what is missing is counted; decisions go on",
    };
}
