using System.Diagnostics.Metrics;

namespace Border0.PdSidecar.Fleet;

/// <summary>What this room counts, on the product's meter.</summary>
internal static class FleetMetrics
{
    private static readonly Meter Meter = new("Border0.PdSidecar");

    /// <summary>Transactions that published facts, by integration.</summary>
    public static readonly Counter<long> Publishes = Meter.CreateCounter<long>(
        "pdsidecar.fleet.publishes", "{transaction}", "Transactions that published facts to the fleet, by integration.");

    /// <summary>Bytes of the values in them.</summary>
    public static readonly Counter<long> PublishedBytes = Meter.CreateCounter<long>(
        "pdsidecar.fleet.published", "By", "Bytes of facts that were published to the fleet, by integration.");

    /// <summary>Writes that etcd refused since another sidecar polls by now, and values that were not taken since an earlier poller wrote them.</summary>
    public static readonly Counter<long> Fenced = Meter.CreateCounter<long>(
        "pdsidecar.fleet.fenced", "{write}", "Facts of a poller that another one had replaced: refused by etcd (side=write) or not taken (side=read).");

    /// <summary>From when something was sent to when it was here, by both machines' clocks.</summary>
    public static readonly Histogram<double> WatchLag = Meter.CreateHistogram<double>(
        "pdsidecar.fleet.watch.lag", "s", "Time from the sending of published facts and passed events to their arrival, clocks' difference included.");

    /// <summary>Times that this sidecar became, or ceased to be, the poller of an integration.</summary>
    public static readonly Counter<long> Turns = Meter.CreateCounter<long>(
        "pdsidecar.fleet.turns", "{change}", "Integrations that this sidecar began (what=begun) or ceased (what=ended) to poll.");
}
