namespace Border0.PdSidecar.Telemetry.Otlp;

/// <summary>What a collector made of a request.</summary>
/// <param name="IsTaken">It took it.</param>
/// <param name="MayRetry">It may take it later.</param>
/// <param name="After">How long it wants to be left alone; null when it does not say.</param>
/// <param name="Why">What is wrong, without secrets.</param>
internal readonly record struct OtlpAnswer(bool IsTaken, bool MayRetry, TimeSpan? After, string Why)
{
    public static OtlpAnswer Taken { get; } = new(true, false, null, "");

    public static OtlpAnswer Failed(string why, bool mayRetry, TimeSpan? after = null) => new(false, mayRetry, after, why);
}
