using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Border0.PdSidecar.Access.Tls;

/// <summary>The names in a certificate, as rules write them: "uri:spiffe://acme/bastion-1", "dns:bastion-1.acme.example", "cn:bastion-1".</summary>
internal static class CertificateNames
{
    private const string AlternativeNames = "2.5.29.17";
    private const string CommonName = "2.5.4.3";
    private static readonly Asn1Tag DnsName = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    /// <summary>URIs first, then DNS names, then the common name: the first that is there is what the certificate is called.</summary>
    public static IReadOnlyList<string> Of(X509Certificate2 certificate)
    {
        var (uris, names) = (new List<string>(), new List<string>());
        foreach (var extension in certificate.Extensions.Where(e => e.Oid?.Value == AlternativeNames))
        {
            var all = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (all.HasData)
            {
                var tag = all.PeekTag();
                if (tag == Uri)
                {
                    uris.Add("uri:" + all.ReadCharacterString(UniversalTagNumber.IA5String, Uri));
                }
                else if (tag == DnsName)
                {
                    names.Add("dns:" + all.ReadCharacterString(UniversalTagNumber.IA5String, DnsName).ToLowerInvariant());
                }
                else
                {
                    all.ReadEncodedValue();
                }
            }
        }

        var common = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(n => !n.HasMultipleElements && n.GetSingleElementType().Value == CommonName)
            .Select(n => "cn:" + n.GetSingleElementValue());
        return [.. uris, .. names, .. common];
    }
}
