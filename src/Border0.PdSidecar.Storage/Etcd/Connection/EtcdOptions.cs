using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>Where etcd is, how it is spoken to, and under which prefix everything of a fleet lies.</summary>
public sealed record EtcdOptions
{
    /// <summary>The members: "https://HOST:PORT", or "http://" on loopback. All of one cluster, in any order.</summary>
    public ImmutableArray<Uri> Endpoints { get; init; } = [];

    /// <summary>PEM certificates of the authorities that the members' certificates are from. Empty: those that the system trusts.</summary>
    public string TlsCa { get; init; } = "";

    /// <summary>PEM certificate (chain) that is shown to the members. Read again for every connection. Empty: none.</summary>
    public string TlsCert { get; init; } = "";

    /// <summary>PEM private key of that certificate.</summary>
    public string TlsKey { get; init; } = "";

    /// <summary>The etcd user. Empty: none is named, for a cluster without authentication or one that takes the certificate's name.</summary>
    public string User { get; init; } = "";

    /// <summary>The file of the user's password, read again for every log-in; one line end behind it is left out.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>Stands before every key. Ends with "/".</summary>
    public string Prefix { get; init; } = "/pdsidecar/";

    /// <summary>How long one member may take for one call before the next one is asked.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a call may take with all its attempts.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>
    /// A silent connection that is in use is asked for a sign of life after this. etcd's members cut off who asks more often than every 5 s.
    /// </summary>
    public TimeSpan KeepAliveDelay { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>And is given up when there is none within this.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Reads members: "https://a:2379,https://b:2379"; null when one is no such address.</summary>
    public static ImmutableArray<Uri>? ReadEndpoints(string text)
    {
        var endpoints = ImmutableArray.CreateBuilder<Uri>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate(part, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/"
                || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0 || endpoints.Contains(uri))
            {
                return null;
            }

            endpoints.Add(uri);
        }

        return endpoints.Count is > 0 and <= 16 ? endpoints.ToImmutable() : null;
    }

    /// <summary>Whether a text can be a prefix: it begins and ends with "/", and is at most 255 bytes of printable ASCII.</summary>
    public static bool IsPrefix(string text) =>
        text.Length is >= 1 and <= 255 && text[0] == '/' && text[^1] == '/' && text.All(c => c is > ' ' and < (char)127) && !text.Contains("//", StringComparison.Ordinal);

    /// <summary>What is wrong with it, each with the key's name; nothing when it can be used.</summary>
    public IEnumerable<string> Problems()
    {
        if (Endpoints.IsEmpty)
        {
            yield return "etcd_endpoints: is needed with storage etcd: https://HOST:PORT of every member, separated by commas";
        }

        foreach (var endpoint in Endpoints.Where(e => e.Scheme == "http" && !IsLoopback(e)))
        {
            yield return $"etcd_endpoints: {endpoint.GetLeftPart(UriPartial.Authority)} is not on loopback, where others could read and change what is sent: it needs https";
        }

        if (!IsPrefix(Prefix))
        {
            yield return $"etcd_prefix: \"{Prefix}\" must begin and end with \"/\" and be at most 255 printable ASCII characters";
        }

        if (TlsCert.Length > 0 != TlsKey.Length > 0)
        {
            yield return TlsCert.Length > 0 ? "etcd_tls_key: is needed with etcd_tls_cert" : "etcd_tls_cert: is needed with etcd_tls_key";
        }

        if (User.Length > 0 != PasswordFile.Length > 0)
        {
            yield return User.Length > 0 ? "etcd_password_file: is needed with etcd_user" : "etcd_user: is needed with etcd_password_file";
        }

        if ((TlsCa.Length > 0 || TlsCert.Length > 0) && Endpoints.All(e => e.Scheme == "http"))
        {
            yield return $"{(TlsCa.Length > 0 ? "etcd_tls_ca" : "etcd_tls_cert")}: TLS is used with https:// in etcd_endpoints only";
        }

        foreach (var (name, path) in (IEnumerable<(string, string)>)[("etcd_tls_ca", TlsCa), ("etcd_tls_cert", TlsCert), ("etcd_tls_key", TlsKey), ("etcd_password_file", PasswordFile)])
        {
            if (path.Length > 0 && !File.Exists(path))
            {
                yield return $"{name}: there is no file {path}";
            }
        }

        foreach (var problem in Unreadable())
        {
            yield return problem;
        }
    }

    private static bool IsLoopback(Uri endpoint) => endpoint.IdnHost == "localhost" || (IPAddress.TryParse(endpoint.IdnHost, out var address) && IPAddress.IsLoopback(address));

    private IEnumerable<string> Unreadable()
    {
        if (File.Exists(TlsCa) && Try(() => new X509Certificate2Collection().ImportFromPemFile(TlsCa)) is { } why)
        {
            yield return $"etcd_tls_ca: {TlsCa} holds no PEM certificates that can be read: {why}";
        }

        if (File.Exists(TlsCert) && File.Exists(TlsKey) && Try(() => X509Certificate2.CreateFromPemFile(TlsCert, TlsKey).Dispose()) is { } whyNot)
        {
            yield return $"etcd_tls_cert: {TlsCert} and etcd_tls_key {TlsKey} are no PEM certificate and its key: {whyNot}";
        }

        if (File.Exists(PasswordFile) && Try(() => File.ReadAllText(PasswordFile, Encoding.UTF8)) is { } reason)
        {
            yield return $"etcd_password_file: {PasswordFile} cannot be read: {reason}";
        }
    }

    private static string? Try(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
