namespace Border0.PdSidecar.Abuse.Abuses;

/// <summary>A load that asks nobody for anything.</summary>
internal static class Busy
{
    public static Task RunAsync(Target _, Seen seen, CancellationToken cancellation)
    {
        seen.Add("busy");
        return Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Factory.StartNew(
            () =>
            {
                while (!cancellation.IsCancellationRequested)
                {
                    Thread.SpinWait(1000);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
    }
}
