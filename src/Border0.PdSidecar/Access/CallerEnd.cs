namespace Border0.PdSidecar.Access;

/// <summary>The end of a caller that can end: its token is revoked or expires, its certificate expires. Thread-safe.</summary>
internal sealed class CallerEnd : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private volatile string? _why;

    public CallerEnd() => Token = _source.Token;

    /// <summary>Why, as a sentence; null before.</summary>
    public string? Why => _why;

    /// <summary>Is cancelled at the end.</summary>
    public CancellationToken Token { get; }

    /// <summary>Ends, for good. What waits for it goes on on another thread.</summary>
    public void Come(string why)
    {
        if (Interlocked.CompareExchange(ref _why, why, null) is null)
        {
            try
            {
                _ = _source.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // Its connection is over in this very moment, and its streams with it.
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();
}
