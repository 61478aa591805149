using System.Text;
using System.Text.Json;
using System.Web;

namespace Border0.PdSidecar.EndToEnd.Tests.Secrets;

/// <summary>That the scanner finds what it looks for, so that finding nothing means something.</summary>
public class LeakScannerTests
{
    private const string Secret = "u+Zk7/Q=v\"2m<Xw9&tB_rY4sLp8e";
    private readonly LeakScanner _scanner = new([("key", Encoding.ASCII.GetBytes(Secret)), ("other", [.. Enumerable.Range(200, 32).Select(i => (byte)i)])]);

    public static TheoryData<string> Leaks =>
    [
        Secret,
        Secret.ToUpperInvariant(),
        Secret[..12],
        Secret[^10..],
        Convert.ToHexString(Encoding.ASCII.GetBytes(Secret)),
        Convert.ToHexStringLower(Encoding.ASCII.GetBytes(Secret)),
        BitConverter.ToString(Encoding.ASCII.GetBytes(Secret)),
        Convert.ToBase64String(Encoding.ASCII.GetBytes(Secret)),
        Convert.ToBase64String(Encoding.ASCII.GetBytes("Token token=" + Secret)),
        Convert.ToBase64String(Encoding.ASCII.GetBytes("Token token:" + Secret + "\n")),
        Convert.ToBase64String(Encoding.ASCII.GetBytes("user:" + Secret + "!")),
        Convert.ToBase64String(Encoding.ASCII.GetBytes("a" + Secret)).Replace('+', '-').Replace('/', '_'),
        Uri.EscapeDataString(Secret),
        HttpUtility.UrlEncode(Secret),
        string.Concat(Encoding.ASCII.GetBytes(Secret).Select(b => $"%{b:x2}")),
        JsonSerializer.Serialize(Secret),
        JsonSerializer.Serialize(new { said = $"the key {Secret} is wrong" }),
    ];

    [Theory]
    [MemberData(nameof(Leaks))]
    public void ALeak_IsFound(string leak) =>
        Assert.Equal("key in the log", Assert.Single(Distinct(_scanner.Find("the log", Encoding.UTF8.GetBytes($"before it {leak} after it")))));

    [Fact]
    public void UnreadableBytes_AreFoundAmongOthers()
    {
        byte[] raw = [.. Enumerable.Range(200, 32).Select(i => (byte)i)];
        Assert.Equal(["other in a file"], Distinct(_scanner.Find("a file", [0, 1, 2, .. raw, 255, 0])));
        Assert.Equal(["other in a file"], Distinct(_scanner.Find("a file", Encoding.ASCII.GetBytes($"k1 {Convert.ToBase64String(raw)}\n"))));
        Assert.Equal(["key in a file"], Distinct(_scanner.Find("a file", [7, .. Encoding.Unicode.GetBytes(Secret)])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rY4sLp8e")]
    [InlineData("nothing of it, but a hint: Lp8e")]
    public void WhatIsNone_IsNot(string text) => Assert.Empty(_scanner.Find("the log", Encoding.UTF8.GetBytes(text)));

    private static IEnumerable<string> Distinct(IEnumerable<string> found) => found.Select(f => f[..f.IndexOf(' ')] + f[f.IndexOf(" in ", StringComparison.Ordinal)..]).Distinct();
}
