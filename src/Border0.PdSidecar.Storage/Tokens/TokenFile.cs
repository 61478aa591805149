using System.Text.Json;

namespace Border0.PdSidecar.Storage.Tokens;

/// <summary>
/// The access tokens of a data directory, in a file of their own: the command line changes it whether a sidecar runs or not, one writer at
/// a time, and a running sidecar sees that it changed.
/// </summary>
/// <param name="directory">The data directory.</param>
/// <param name="time">The clock.</param>
public sealed class TokenFile(string directory, TimeProvider time)
{
    /// <summary>How long tokens that are accepted no longer are kept, so that a list and a refusal can tell of them.</summary>
    public static readonly TimeSpan KeptAfterEnd = TimeSpan.FromDays(90);

    private const int Version = 1;
    private const int MostTokens = 10_000;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The file.</summary>
    public string Path { get; } = System.IO.Path.Combine(directory, "tokens.json");

    /// <summary>What tells one version of the file from another: null when there is none.</summary>
    public (DateTime Written, long Length)? Stamp()
    {
        var file = new FileInfo(Path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : null;
    }

    /// <summary>Reads the tokens; none when there is no file.</summary>
    /// <exception cref="StorageUnusableException">The file cannot be read or understood.</exception>
    public IReadOnlyList<TokenRecord> Read()
    {
        try
        {
            if (!File.Exists(Path))
            {
                return [];
            }

            using var file = File.OpenRead(Path);
            return Checked(JsonSerializer.Deserialize(file, TokenFileJson.Default.TokenFileContent));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StorageUnusableException($"token file {Path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Makes a token.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="roles">Its roles, separated by spaces.</param>
    /// <param name="connectorId">The only connector id that it may use; null for any.</param>
    /// <param name="expires">When it ends; null for never.</param>
    /// <param name="by">Who makes it.</param>
    /// <param name="cancellation">Ends the wait for other writers.</param>
    /// <returns>Its text, which is nowhere else, and what is kept of it; null when another one has the name.</returns>
    /// <exception cref="StorageUnusableException">The file cannot be read or written.</exception>
    public async Task<(string Text, TokenRecord Record)?> CreateAsync(
        string name, string roles, string? connectorId, DateTimeOffset? expires, string by, CancellationToken cancellation)
    {
        var text = TokenText.New();
        TokenRecord? made = null;
        await ChangeAsync(
            tokens =>
            {
                var now = time.GetUtcNow();
                if (tokens.Any(t => t.Name == name && t.IsAcceptedAt(now)))
                {
                    return false;
                }

                tokens.RemoveAll(t => (t.Revoked ?? t.Expires) < now - KeptAfterEnd);
                if (tokens.Count >= MostTokens)
                {
                    throw new StorageUnusableException($"token file {Path} holds {MostTokens} tokens, the most that it may");
                }

                made = new TokenRecord
                {
                    Id = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(5)),
                    Name = name,
                    Roles = roles,
                    ConnectorId = connectorId,
                    Hash = Convert.ToBase64String(TokenText.Hash(text)),
                    Created = now,
                    CreatedBy = by,
                    Expires = expires,
                };
                tokens.Add(made);
                return true;
            },
            cancellation);
        return made is null ? null : (text, made);
    }

    /// <summary>Revokes the token of an id or a name.</summary>
    /// <returns>What was revoked; null when none that is accepted has that id or name.</returns>
    /// <exception cref="StorageUnusableException">The file cannot be read or written.</exception>
    public async Task<TokenRecord?> RevokeAsync(string idOrName, string by, CancellationToken cancellation)
    {
        TokenRecord? revoked = null;
        await ChangeAsync(
            tokens =>
            {
                var now = time.GetUtcNow();
                var index = tokens.FindIndex(t => (t.Id == idOrName || t.Name == idOrName) && t.IsAcceptedAt(now));
                if (index < 0)
                {
                    return false;
                }

                revoked = tokens[index] = tokens[index] with { Revoked = now, RevokedBy = by };
                return true;
            },
            cancellation);
        return revoked;
    }

    private List<TokenRecord> Checked(TokenFileContent? read)
    {
        var tokens = read?.Tokens.OfType<TokenRecord>().ToList() ?? [];
        var wrong = read is null ? "is empty"
            : read.Version != Version ? $"has version {read.Version}, and this pdsidecar knows {Version}"
            : tokens.Count != read.Tokens.Count || tokens.Any(t => !IsHash(t.Hash)) ? "holds a token without a hash"
            : tokens.DistinctBy(t => t.Id).Count() != tokens.Count ? "holds two tokens of one id"
            : null;
        return wrong is null ? tokens
            : throw new StorageUnusableException($"token file {Path} {wrong}: restore it from a backup, or remove it, which revokes every token, and make new ones");
    }

    private static bool IsHash(string hash)
    {
        Span<byte> bytes = stackalloc byte[33];
        return Convert.TryFromBase64String(hash, bytes, out var length) && length == 32;
    }

    private async Task ChangeAsync(Func<List<TokenRecord>, bool> change, CancellationToken cancellation)
    {
        try
        {
            if (!Directory.Exists(directory))
            {
                Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
            }

            using var held = await HoldAsync(cancellation);
            var tokens = Read().ToList();
            if (change(tokens))
            {
                Write(tokens);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnusableException($"token file {Path} cannot be changed: {e.Message}", e);
        }
    }

    /// <summary>Waits until no other process changes the file.</summary>
    private async Task<FileStream> HoldAsync(CancellationToken cancellation)
    {
        var path = System.IO.Path.Combine(directory, "tokens.lock");
        for (var since = time.GetTimestamp(); ;)
        {
            try
            {
                var held = new FileStream(
                    path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerOnly });
                FileOwner.Inherit(directory, path);
                return held;
            }
            catch (IOException) when (time.GetElapsedTime(since) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellation);
            }
        }
    }

    /// <summary>Writes the file so that it is the old or the new one, whenever the machine stops, and is seen to be another.</summary>
    private void Write(List<TokenRecord> tokens)
    {
        var before = Stamp();
        var fresh = Path + ".new";
        File.Delete(fresh);
        using (var file = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            JsonSerializer.Serialize(file, new TokenFileContent(Version, [.. tokens]), TokenFileJson.Default.TokenFileContent);
            file.Flush(flushToDisk: true);
        }

        FileOwner.Inherit(directory, fresh);
        if (before is { } known && File.GetLastWriteTimeUtc(fresh) <= known.Written)
        {
            // Two changes within one tick of the file system's clock.
            File.SetLastWriteTimeUtc(fresh, known.Written.AddMilliseconds(1));
        }

        File.Move(fresh, Path, overwrite: true);
    }
}
