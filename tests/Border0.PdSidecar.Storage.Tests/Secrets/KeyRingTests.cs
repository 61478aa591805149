using Border0.PdSidecar.Storage.Secrets;

namespace Border0.PdSidecar.Storage.Tests.Secrets;

public sealed class KeyRingTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.Path("encryption.key");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_absent_file_is_made_for_its_owner_only_and_stays_what_it_is()
    {
        var made = KeyRing.Open(Path);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path));
        var bytes = File.ReadAllBytes(Path);
        Assert.Equal(made.ActiveId, KeyRing.Open(Path).ActiveId);
        Assert.Equal(bytes, File.ReadAllBytes(Path));
        Assert.Equal([Path], _folder.Files);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_may_use_is_refused_by_name(UnixFileMode more)
    {
        KeyRing.Open(Path);
        File.SetUnixFileMode(Path, OwnerOnly | more);
        var refused = Assert.Throws<StorageUnusableException>(() => KeyRing.Open(Path));
        Assert.Contains(Path, refused.Message, StringComparison.Ordinal);
        Assert.Contains("chmod 600", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0b110_100_000, true)]
    [InlineData(0b100_100_000, true)]
    [InlineData(0b110_110_000, false)]
    [InlineData(0b110_101_000, false)]
    [InlineData(0b110_100_100, false)]
    [InlineData(0b110_000_100, false)]
    public void A_file_of_root_may_be_read_by_its_group_and_by_nobody_else(int mode, bool isPrivate)
    {
        Assert.Equal(isPrivate, KeyFile.IsPrivate((UnixFileMode)mode, () => true));
        Assert.False(KeyFile.IsPrivate((UnixFileMode)mode, () => false));
    }

    [Fact]
    public void A_new_key_is_the_active_one_and_the_old_ones_stay_until_they_are_removed()
    {
        var ring = KeyRing.Open(Path);
        var first = ring.ActiveId;
        var sealedByFirst = new SecretBox(ring).Seal("secret"u8, "x");
        ring.AddKey();
        Assert.NotEqual(first, ring.ActiveId);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path));
        var read = KeyRing.Open(Path);
        Assert.Equal((ring.ActiveId, 2), (read.ActiveId, read.Count));
        Assert.Equal("secret"u8, new SecretBox(read).Open(sealedByFirst, "x"));
        ring.RemoveOldKeys();
        Assert.Equal((ring.ActiveId, 1), (KeyRing.Open(Path).ActiveId, ring.Count));
        Assert.Throws<StorageUnusableException>(() => new SecretBox(ring).Open(sealedByFirst, "x"));
    }

    [Fact]
    public void What_another_process_rotates_is_known_after_a_refresh_and_when_an_unknown_key_is_asked_for()
    {
        var (ring, other) = (KeyRing.Open(Path), KeyRing.Open(Path));
        Assert.False(ring.Refresh());
        other.AddKey();
        Assert.Equal("secret"u8, new SecretBox(ring).Open(new SecretBox(other).Seal("secret"u8, "x"), "x"));
        Assert.Equal(other.ActiveId, ring.ActiveId);
        other.AddKey();
        Assert.True(ring.Refresh());
        Assert.Equal(other.ActiveId, ring.ActiveId);
    }

    [Fact]
    public void A_key_that_has_left_the_file_is_overwritten_in_memory()
    {
        var (ring, other) = (KeyRing.Open(Path), KeyRing.Open(Path));
        var old = ring.Active;
        other.AddKey();
        other.RemoveOldKeys();
        Assert.True(ring.Refresh());
        Assert.All(old, b => Assert.Equal(0, b));
        Assert.Equal("secret"u8, new SecretBox(ring).Open(new SecretBox(other).Seal("secret"u8, "x"), "x"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("k1 AAAA\n")]
    public void A_file_that_is_spoilt_meanwhile_leaves_the_keys_what_they_were(string text)
    {
        var ring = KeyRing.Open(Path);
        var envelope = new SecretBox(ring).Seal("secret"u8, "x");
        File.WriteAllText(Path, text);
        Assert.Contains(Path, Assert.Throws<StorageUnavailableException>(() => ring.Refresh()).Message, StringComparison.Ordinal);
        Assert.Equal("secret"u8, new SecretBox(ring).Open(envelope, "x"));
    }

    [Fact]
    public void Comments_and_blank_lines_are_no_keys()
    {
        var key = Convert.ToBase64String(new byte[32]);
        Write($"# made by hand\n\nold {key}\n  # the present one\n new   {key}  \n");
        Assert.Equal("new", KeyRing.Open(Path).ActiveId);
    }

    [Theory]
    [InlineData("", "holds no key")]
    [InlineData("# nothing but a comment\n", "holds no key")]
    [InlineData("# comment\n\nk1 AAAA\n", "line 3")]
    [InlineData("k1\n", "line 1")]
    [InlineData("k1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= more\n", "line 1")]
    [InlineData("k1 not-base64!\n", "line 1")]
    [InlineData("k1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "line 1")]
    [InlineData("schlüssel AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "line 1")]
    [InlineData("k1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nk1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "line 2")]
    public void A_file_that_is_no_key_file_is_refused_with_the_place(string text, string place)
    {
        Write(text);
        var refused = Assert.Throws<StorageUnusableException>(() => KeyRing.Open(Path));
        Assert.Contains(Path, refused.Message, StringComparison.Ordinal);
        Assert.Contains(place, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("AAAA", refused.Message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(Path));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_refused_by_name()
    {
        var path = _folder.Path("nowhere/encryption.key");
        Assert.Contains(path, Assert.Throws<StorageUnusableException>(() => KeyRing.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ring_says_nothing_of_its_keys()
    {
        var ring = KeyRing.Open(Path);
        var key = File.ReadAllText(Path).Split(' ')[1].Trim();
        Assert.DoesNotContain(key, ring.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_crash_left_of_an_earlier_writing_is_no_obstacle()
    {
        File.WriteAllText(Path + ".new", "half a k");
        KeyRing.Open(Path).AddKey();
        Assert.Equal(2, File.ReadAllLines(Path).Length);
        Assert.False(File.Exists(Path + ".new"));
    }

    private void Write(string text)
    {
        File.WriteAllText(Path, text);
        File.SetUnixFileMode(Path, OwnerOnly);
    }
}
