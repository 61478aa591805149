using System.Security.Cryptography;
using Border0.PdSidecar.Access.Tls;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>What is made of two files that have to fit: "a1" and "b1" make "1".</summary>
public sealed class ReloadedTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pdsidecar-reloaded-");
    private readonly List<string> _told = [];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void NewFiles_AreTaken_AndToldOnce()
    {
        var reloaded = Make("a1", "b1");
        Write("a2", "b2");

        reloaded.Look();
        reloaded.Look();

        Assert.Equal("2", reloaded.Current);
        Assert.Equal(["fine"], _told);
    }

    [Fact]
    public void OneFileBeforeTheOther_IsNoTrouble()
    {
        var reloaded = Make("a1", "b1");
        Write("a2", "b1");
        reloaded.Look();
        Write("a2", "b2");
        reloaded.Look();

        Assert.Equal("2", reloaded.Current);
        Assert.Equal(["fine"], _told);
    }

    [Fact]
    public void FilesThatCannotBeUsed_ChangeNothing_AndAreToldOnce_UntilThereAreOthers()
    {
        var reloaded = Make("a1", "b1");
        Write("a2", "b1");
        reloaded.Look();
        reloaded.Look();
        reloaded.Look();
        Assert.Equal(("1", "a2 does not fit b1"), (reloaded.Current, reloaded.Trouble));
        File.Delete(PathOf("b"));
        reloaded.Look();
        reloaded.Look();
        Assert.Contains("Could not find file", reloaded.Trouble, StringComparison.Ordinal);
        Write("a3", "b3");
        reloaded.Look();

        Assert.Equal(("3", null), (reloaded.Current, reloaded.Trouble));
        Assert.Equal(["a2 does not fit b1", "Could not find file", "fine"], _told.Select(t => t[..Math.Min(t.Length, 19)].Trim('\'', ' ')));
    }

    [Fact]
    public void FilesThatAreAsBefore_EndTheTrouble()
    {
        var reloaded = Make("a1", "b1");
        Write("a2", "b1");
        reloaded.Look();
        reloaded.Look();
        Write("a1", "b1");
        reloaded.Look();

        Assert.Equal(("1", null), (reloaded.Current, reloaded.Trouble));
    }

    [Fact]
    public void AtTheStart_FilesThatCannotBeUsed_AreNamed()
    {
        var refused = Assert.Throws<IOException>(() => Make("a1", "b2"));
        Assert.Equal($"key: {PathOf("a")} and {PathOf("b")} cannot be used: a1 does not fit b2", refused.Message);
    }

    private Reloaded<string> Make(string a, string b)
    {
        Write(a, b);
        return new Reloaded<string>(
            "key",
            [PathOf("a"), PathOf("b")],
            (texts, _) => texts[0][1] == texts[1][1] ? texts[0][1..] : throw new CryptographicException($"{texts[0]} does not fit {texts[1]}"),
            of => _told.Add(of.Trouble ?? "fine"));
    }

    private void Write(string a, string b)
    {
        File.WriteAllText(PathOf("a"), a);
        File.WriteAllText(PathOf("b"), b);
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
