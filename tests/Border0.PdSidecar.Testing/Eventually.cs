namespace Border0.PdSidecar.Testing;

/// <summary>
/// Waits for what another process is about to do, a minute unless told otherwise: longer than a busy machine ever takes. Only for that:
/// what this process knows, it can await.
/// </summary>
public static class Eventually
{
    public static Task<T> SeesAsync<T>(Func<T?> look, string what, TimeSpan? atMost = null)
        where T : class =>
        SeesAsync(() => Task.FromResult(look()), what, atMost);

    public static async Task<T> SeesAsync<T>(Func<Task<T?>> look, string what, TimeSpan? atMost = null)
        where T : class
    {
        using var bound = new CancellationTokenSource(atMost ?? TimeSpan.FromSeconds(60));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            if (await look() is { } seen)
            {
                return seen;
            }

            try
            {
                await ticks.WaitForNextTickAsync(bound.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"did not see {what} in time");
            }
        }
    }
}
