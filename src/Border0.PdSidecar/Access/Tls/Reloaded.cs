using System.Security.Cryptography;
using System.Text;

namespace Border0.PdSidecar.Access.Tls;

/// <summary>
/// What is made of some files, made again when they change. Files that cannot be used change nothing: what was made before stays. Read
/// from any thread; <see cref="Look"/> is called by one at a time.
/// </summary>
/// <typeparam name="T">What is made.</typeparam>
internal sealed class Reloaded<T> : IReloaded
    where T : class
{
    private readonly IReadOnlyList<string> _paths;
    private readonly Func<IReadOnlyList<string>, bool, T> _make;
    private readonly Action<IReloaded> _told;
    private volatile T _current;
    private volatile string? _trouble;
    private byte[] _inForce;
    private string? _seenOnce;

    /// <summary>Makes it for the first time.</summary>
    /// <param name="key">The configuration's key that names the files.</param>
    /// <param name="paths">The files.</param>
    /// <param name="make">Makes it of the files' texts, and of whether this is the first time; throws where it cannot.</param>
    /// <param name="told">Called when it was made again, and when it could not be.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public Reloaded(string key, IReadOnlyList<string> paths, Func<IReadOnlyList<string>, bool, T> make, Action<IReloaded> told)
    {
        (Key, _paths, _make, _told) = (key, paths, make, told);
        try
        {
            var texts = Read();
            (_current, _inForce) = (make(texts, true), Digest(texts));
        }
        catch (Exception e) when (IsOfFiles(e))
        {
            throw new IOException($"{key}: {string.Join(" and ", paths)} cannot be used: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public string Key { get; }

    /// <inheritdoc/>
    public string? Trouble => _trouble;

    /// <summary>What the files were made into last.</summary>
    public T Current => _current;

    /// <inheritdoc/>
    public void Look()
    {
        try
        {
            // Their content and not their times: a secret that Kubernetes mounts is a link that changes its target.
            var texts = Read();
            var content = Digest(texts);
            var isNew = !content.AsSpan().SequenceEqual(_inForce);
            if (isNew)
            {
                (_current, _inForce) = (_make(texts, false), content);
            }

            (_seenOnce, _trouble) = (null, null);
            if (isNew)
            {
                _told(this);
            }
        }
        catch (Exception e) when (IsOfFiles(e))
        {
            if (_seenOnce != e.Message)
            {
                // Perhaps one of two files is written, and the other about to be: seen twice, it is trouble.
                _seenOnce = e.Message;
            }
            else if (_trouble != e.Message)
            {
                _trouble = e.Message;
                _told(this);
            }
        }
    }

    private static bool IsOfFiles(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private static byte[] Digest(IEnumerable<string> texts) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', texts)));

    private List<string> Read() => [.. _paths.Select(File.ReadAllText)];
}
