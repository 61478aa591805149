using System.Security.Cryptography;
using System.Text;

namespace Border0.PdSidecar.Storage.Secrets;

/// <summary>
/// Seals secrets with AES-256-GCM under a random nonce. What a secret belongs to is authenticated along, so that a sealed one
/// cannot be put in another's place. The key's id stands in front, so that keys can be rotated.
/// </summary>
/// <remarks>Layout: version 1 byte, length of the key id 1 byte, key id, nonce 12, tag 16, ciphertext.</remarks>
public sealed class SecretBox(KeyRing keys)
{
    private const byte Version = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>Seals a secret.</summary>
    /// <param name="secret">The plain bytes.</param>
    /// <param name="belongsTo">What it belongs to; the same is needed to open it.</param>
    public byte[] Seal(ReadOnlySpan<byte> secret, string belongsTo)
    {
        var id = Encoding.ASCII.GetBytes(keys.ActiveId);
        var head = 2 + id.Length;
        var envelope = new byte[head + NonceLength + TagLength + secret.Length];
        envelope[0] = Version;
        envelope[1] = (byte)id.Length;
        id.CopyTo(envelope, 2);
        var nonce = envelope.AsSpan(head, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(keys.Active, TagLength);
        aes.Encrypt(nonce, secret, envelope.AsSpan(head + NonceLength + TagLength), envelope.AsSpan(head + NonceLength, TagLength), Encoding.UTF8.GetBytes(belongsTo));
        return envelope;
    }

    /// <summary>Opens a sealed secret.</summary>
    /// <exception cref="StorageUnusableException">The key is not there, or the bytes were changed or belong to something else.</exception>
    public byte[] Open(ReadOnlySpan<byte> envelope, string belongsTo)
    {
        if (envelope.Length < 2 || envelope[0] != Version || envelope.Length < 2 + envelope[1] + NonceLength + TagLength)
        {
            throw new StorageUnusableException($"the secrets of {belongsTo} are damaged");
        }

        var head = 2 + envelope[1];
        var key = keys.Find(Encoding.ASCII.GetString(envelope[2..head]));
        var secret = new byte[envelope.Length - head - NonceLength - TagLength];
        using var aes = new AesGcm(key, TagLength);
        try
        {
            aes.Decrypt(
                envelope.Slice(head, NonceLength), envelope[(head + NonceLength + TagLength)..], envelope.Slice(head + NonceLength, TagLength), secret, Encoding.UTF8.GetBytes(belongsTo));
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new StorageUnusableException($"the secrets of {belongsTo} cannot be opened: they were changed, or the key file is another one", e);
        }

        return secret;
    }

    /// <summary>The id of the key that an envelope was sealed under.</summary>
    public static string KeyIdOf(ReadOnlySpan<byte> envelope) => Encoding.ASCII.GetString(envelope.Slice(2, envelope[1]));
}
