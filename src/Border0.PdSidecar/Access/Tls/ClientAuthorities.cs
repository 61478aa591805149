using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Border0.PdSidecar.Access.Tls;

/// <summary>Whose client certificates are accepted.</summary>
/// <param name="roots">The authorities' certificates: these and no others, whatever the machine trusts.</param>
internal sealed class ClientAuthorities(X509Certificate2Collection roots)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Makes them of a PEM text.</summary>
    /// <exception cref="CryptographicException">There is none in it.</exception>
    public static ClientAuthorities Of(string certificates)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(certificates);
        return roots.Count > 0 ? new ClientAuthorities(roots) : throw new CryptographicException("there is no certificate in it");
    }

    /// <summary>Why a client's certificate is not accepted: it has to be of one of them, for clients, and valid at an instant.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="above">What the client sent to lead to an authority.</param>
    /// <param name="at">The instant.</param>
    /// <returns>Why, in the words of the machine's library; null where it is accepted.</returns>
    public string? WhyNot(X509Certificate2 certificate, IEnumerable<X509Certificate2> above, DateTimeOffset at)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(roots);
        policy.ExtraStore.AddRange(above.ToArray());
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = at.UtcDateTime;
        try
        {
            return chain.Build(certificate) ? null
                : chain.ChainStatus.Length == 0 ? "unknown"
                : string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()).Distinct());
        }
        catch (CryptographicException e)
        {
            // What cannot even be looked at is not accepted.
            return e.Message;
        }
        finally
        {
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }
}
