using Border0.PdSidecar.Storage.Secrets;
using CsCheck;

namespace Border0.PdSidecar.Storage.Tests.Secrets;

public sealed class SecretBoxTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly KeyRing _keys;
    private readonly SecretBox _box;

    public SecretBoxTests()
    {
        _keys = KeyRing.Open(_folder.Path("encryption.key"));
        _box = new SecretBox(_keys);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Whatever_is_sealed_is_opened_again() => Gen.Byte.Array[0, 5000].Select(Gen.String).Sample((secret, belongsTo) =>
        _box.Open(_box.Seal(secret, belongsTo), belongsTo).AsSpan().SequenceEqual(secret));

    [Fact]
    public void The_same_secret_is_never_sealed_into_the_same_bytes() =>
        Assert.NotEqual(_box.Seal("secret"u8, "x"), _box.Seal("secret"u8, "x"));

    [Fact]
    public void A_sealed_secret_does_not_open_in_anothers_place()
    {
        var of = _box.Seal("secret"u8, "integration org/acme");
        var refused = Assert.Throws<StorageUnusableException>(() => _box.Open(of, "integration org/other"));
        Assert.Contains("integration org/other", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_change_of_any_bit_is_found() =>
        (from at in Gen.Double.Unit from bit in Gen.Int[0, 7] select (at, bit)).Sample(change =>
        {
            var envelope = _box.Seal("a secret of some length"u8, "x");
            envelope[(int)(change.at * (envelope.Length - 1))] ^= (byte)(1 << change.bit);
            Assert.Throws<StorageUnusableException>(() => _box.Open(envelope, "x"));
        });

    [Fact]
    public void Bytes_that_are_no_sealed_secret_are_refused() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        Assert.Throws<StorageUnusableException>(() => _box.Open(bytes, "x"));
    });

    [Fact]
    public void A_cut_envelope_is_refused_wherever_it_is_cut()
    {
        var envelope = _box.Seal("secret"u8, "x");
        for (var length = 0; length < envelope.Length; length++)
        {
            Assert.Throws<StorageUnusableException>(() => _box.Open(envelope.AsSpan(0, length), "x"));
        }
    }

    [Fact]
    public void The_key_that_is_missing_is_named()
    {
        var envelope = _box.Seal("secret"u8, "x");
        Assert.Equal(_keys.ActiveId, SecretBox.KeyIdOf(envelope));
        var other = new SecretBox(KeyRing.Open(_folder.Path("other.key")));
        var refused = Assert.Throws<StorageUnusableException>(() => other.Open(envelope, "x"));
        Assert.Contains($"key {_keys.ActiveId}", refused.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path("other.key"), refused.Message, StringComparison.Ordinal);
    }
}
