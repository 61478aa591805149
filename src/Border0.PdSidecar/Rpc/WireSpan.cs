namespace Border0.PdSidecar.Rpc;

/// <summary>A Timestamp or a Duration as it stands in an answer.</summary>
/// <param name="Seconds">Since 1970 in UTC, or in all.</param>
/// <param name="Nanos">And so many nanoseconds.</param>
internal readonly record struct WireSpan(long Seconds, int Nanos)
{
    /// <summary>Reads one.</summary>
    public static WireSpan Read(ReadOnlySpan<byte> message)
    {
        var read = default(WireSpan);
        for (var fields = new WireReader(message); fields.Read();)
        {
            read = fields.Field == 1 ? read with { Seconds = fields.Number } : read with { Nanos = (int)fields.Number };
        }

        return read;
    }
}
