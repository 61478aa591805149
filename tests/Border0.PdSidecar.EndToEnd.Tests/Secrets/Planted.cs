using System.Security.Cryptography;
using System.Text;

namespace Border0.PdSidecar.EndToEnd.Tests.Secrets;

/// <summary>The secrets of one life of a sidecar, none of which is anywhere else; and a canary, which is everywhere.</summary>
internal sealed class Planted
{
    private readonly List<(string Name, byte[] Value)> _all = [];

    public Planted()
    {
        ApiKey = Plant("the API key", "u+" + Text(18) + "/k=1");
        NextApiKey = Plant("the next API key", "y_" + Text(18));
        WrongApiKey = Plant("a key that PagerDuty refuses", "e+" + Text(20));
        OtherApiKey = Plant("a key that is only checked", "u+" + Text(18));
        BadApiKey = Plant("a key that is not acceptable", "u+" + Text(9) + " " + Text(20));
        LongApiKey = Plant("a key that is too long", Text(300));
        WebhookSecret = Plant("the webhook secret", Text(30) + "+/\"&");
        NextWebhookSecret = Plant("the next webhook secret", Text(64));
        LongWebhookSecret = Plant("a webhook secret that is too long", Text(300));
        UrlPassword = Plant("a password in an address", Text(20));
        UnknownToken = Plant("a token that is not known", "pdsc_" + Text(49));
        MistakenToken = Plant("a token that is no token", Text(40));
        Canary = "canary-" + Text(16);
    }

    public string ApiKey { get; }

    public string NextApiKey { get; }

    public string WrongApiKey { get; }

    public string OtherApiKey { get; }

    public string BadApiKey { get; }

    public string LongApiKey { get; }

    public string WebhookSecret { get; }

    public string NextWebhookSecret { get; }

    public string LongWebhookSecret { get; }

    public string UrlPassword { get; }

    public string UnknownToken { get; }

    public string MistakenToken { get; }

    /// <summary>What is no secret: the name of the integration, the organization and more. A scan that does not find it sees nothing.</summary>
    public string Canary { get; }

    public LeakScanner Secrets => new(_all);

    public LeakScanner CanaryOnly => new([("canary", Encoding.ASCII.GetBytes(Canary))]);

    public string Plant(string name, string value)
    {
        _all.Add((name, Encoding.UTF8.GetBytes(value)));
        return value;
    }

    /// <summary>The keys that a key file holds at present.</summary>
    public void PlantKeys(string name, string keyFile) =>
        _all.AddRange(File.ReadLines(keyFile).Select(line => (name, Convert.FromBase64String(line.Split(' ')[1]))));

    private static string Text(int length) => RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length);
}
