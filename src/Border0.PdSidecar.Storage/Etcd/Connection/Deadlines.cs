namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>gRPC takes a deadline as an instant of the machine's clock, and makes a span of it at once: no other clock is of use there.</summary>
internal static class Deadlines
{
    public static DateTime In(TimeSpan span) => TimeProvider.System.GetUtcNow().UtcDateTime + span;
}
