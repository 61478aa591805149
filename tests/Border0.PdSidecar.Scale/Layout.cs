namespace Border0.PdSidecar.Scale;

/// <summary>A fleet on paper.</summary>
/// <param name="Name">What is laid out how.</param>
/// <param name="Sidecars">Sidecars under one prefix.</param>
/// <param name="Integrations">Integrations under one prefix, each with a key of its own.</param>
/// <param name="Services">Services of all these integrations.</param>
/// <param name="Prefixes">How many such prefixes one cluster holds.</param>
/// <param name="Fan">Sidecars that share one watch through a proxy of etcd's; 1 without.</param>
internal sealed record Layout(string Name, int Sidecars, int Integrations, int Services, int Prefixes, int Fan = 1)
{
    private const double RefreshesPerSecond = (1 / 5.0) + (1 / 30.0) + (1 / 600.0);

    /// <summary>Changes of an incident, an on-call shift or a service's status, for each service in a second: one in ten minutes.</summary>
    private const double ChangesPerService = 1 / 600.0;

    /// <summary>Webhooks for each service in a second: one in twenty minutes.</summary>
    private const double WebhooksPerService = 1 / 1200.0;

    /// <summary>A lease is kept alive three times in its ten seconds.</summary>
    private const double SignsOfLife = 0.3;

    public double WritesPerSecond => Prefixes * ((Integrations * RefreshesPerSecond) + (Services * (ChangesPerService + WebhooksPerService)));

    public double KeepAlivesPerSecond => Prefixes * Sidecars * SignsOfLife;

    public double EventsPerSecond => WritesPerSecond * Sidecars / Fan;

    public double WatchBytesPerSecond(UnitCosts c) => EventsPerSecond * c.EventBytes;

    public double EtcdCores(UnitCosts c) =>
        ((WritesPerSecond * c.WriteMicroseconds) + (EventsPerSecond * c.EventMicroseconds) + (KeepAlivesPerSecond * c.KeepAliveMicroseconds)) / 1e6;

    public double EtcdMegabytes(UnitCosts c) =>
        ((Prefixes * Services * 1.2 * c.KeyKilobytes) + (Prefixes * (double)Sidecars / Fan * c.WatchKilobytes)) / 1024;

    public double SidecarMegabytes(UnitCosts c) => Services * c.MirrorKilobytes / 1024;

    public double SidecarPercent(UnitCosts c) => Services * ((1 / 5.0) + (1 / 600.0)) * c.ConfirmedMicroseconds / 1e4;

    /// <summary>
    /// Requests a minute with one key, of 960: incidents by about 250 services a request (a URL has 8 KB), on-call shifts and services by pages of 100, an
    /// escalation policy of four shifts for every five services.
    /// </summary>
    public double RequestsPerMinute
    {
        get
        {
            var services = Services / (double)Integrations;
            return (Math.Ceiling(services / 250) * 12) + (Math.Ceiling(services / 5 * 4 / 100) * 2) + (Math.Ceiling(services / 100) / 10);
        }
    }

    /// <summary>The same, if every sidecar polled by itself.</summary>
    public double RequestsPerMinuteAlone => RequestsPerMinute * Sidecars;

    /// <summary>What is used up first, and how much of it.</summary>
    public string BreaksFirst(UnitCosts c) => new (string What, double Used)[]
    {
        ("etcd's CPU (of 4 cores)", EtcdCores(c) / 4),
        ("etcd's network (of 1 Gbit/s)", WatchBytesPerSecond(c) * 8 / 1e9),
        ("etcd's writes (of what was measured)", WritesPerSecond / c.WritesPerSecond),
        ("etcd's memory (of 8 GiB)", EtcdMegabytes(c) / 8192),
        ("a sidecar's CPU (of one core)", SidecarPercent(c) / 100),
        ("a sidecar's memory (of 256 MiB)", SidecarMegabytes(c) / 256),
        ("a key's budget (half of 960 a minute)", RequestsPerMinute / 480),
    }.MaxBy(u => u.Used) is var first ? $"{first.What}: {first.Used:P0}" : "";
}
