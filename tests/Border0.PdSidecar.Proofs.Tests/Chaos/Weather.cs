using Border0.PdSidecar.Simulator.Faults;

namespace Border0.PdSidecar.Proofs.Tests.Chaos;

/// <summary>How PagerDuty behaves: calm, stormy in a random mixture, or not there at all.</summary>
internal sealed class Weather(FaultPlan faults, Random random, TimeProvider time)
{
    private static readonly Fault[] Everything =
    [
        new() { Kind = FaultKind.Hang },
        new() { Kind = FaultKind.Reset },
        new() { Kind = FaultKind.Status, Status = 429 },
        new() { Kind = FaultKind.BareTooManyRequests },
        new() { Kind = FaultKind.Status, Status = 500 },
        new() { Kind = FaultKind.HtmlStatus, Status = 502 },
        new() { Kind = FaultKind.Status, Status = 408 },
        new() { Kind = FaultKind.TruncatedBody },
        new() { Kind = FaultKind.GarbledBody },
        new() { Kind = FaultKind.WrongContentType },
        new() { Kind = FaultKind.MissingField },
        new() { Kind = FaultKind.DuplicateRows },
        new() { Kind = FaultKind.Slow, Delay = TimeSpan.FromSeconds(3) },
        new() { Kind = FaultKind.SlowBody, Delay = TimeSpan.FromSeconds(4) },
        new() { Kind = FaultKind.SlowBody, Delay = TimeSpan.FromSeconds(60) },
    ];

    private static readonly FaultKind[] Outages = [FaultKind.Hang, FaultKind.Reset, FaultKind.HtmlStatus, FaultKind.GarbledBody, FaultKind.TruncatedBody];

    private DateTimeOffset _until = time.GetUtcNow();
    private readonly List<(DateTimeOffset From, DateTimeOffset To)> _outages = [];
    private Fault? _missing;

    /// <summary>Since when all requests are answered rightly; null while some are not.</summary>
    public DateTimeOffset? CalmSince { get; private set; }

    /// <summary>PagerDuty has been well for a minute, and stays so for a while: polls see everything within seconds.</summary>
    public bool IsReliable => CalmSince is { } since && time.GetUtcNow() - since > TimeSpan.FromSeconds(60) && _until - time.GetUtcNow() > TimeSpan.FromSeconds(20);

    /// <summary>How often the weather turned.</summary>
    public int Turns { get; private set; }

    /// <summary>How long nothing got through in a span of time.</summary>
    public TimeSpan OutageWithin(DateTimeOffset from, DateTimeOffset to) => TimeSpan.FromTicks(_outages.Sum(o =>
        Math.Max(0, ((o.To < to ? o.To : to) - (o.From > from ? o.From : from)).Ticks)));

    /// <summary>Lets the weather turn when it is due to.</summary>
    public void Turn()
    {
        var now = time.GetUtcNow();
        if (now < _until)
        {
            return;
        }

        Turns++;
        faults.Clear();
        (CalmSince, _missing) = (null, null);
        switch (Turns % 9 == 8 ? -1 : random.Next(10))
        {
            case 0 or 1:
                CalmSince = now;
                _until = now.AddSeconds(random.Next(60, 300));
                break;
            case -1:
                Lose(ChaosRun.SessionMaxStaleness * 1.5);
                break;
            case 2 or 3:
                Lose(TimeSpan.FromSeconds(random.Next(20, 150)));
                break;
            default:
                foreach (var fault in Everything.OrderBy(_ => random.Next()).Take(random.Next(1, 6)))
                {
                    faults.Add(new Fault { Kind = fault.Kind, Status = fault.Status, Delay = fault.Delay, Probability = random.NextDouble() * 0.25 });
                }

                _until = now.AddSeconds(random.Next(30, 120));
                break;
        }

    }

    /// <summary>
    /// A single page misses a row, as happens when rows shift between pages. One at a time: a question for one service alone has a
    /// single page and misses none.
    /// </summary>
    public void MissARow(string path)
    {
        if (_missing is not { Remaining: > 0 })
        {
            faults.Add(_missing = new Fault { Kind = FaultKind.MissingRow, PathPrefix = path, Remaining = 1 });
        }
    }

    /// <summary>Everything works from now on.</summary>
    public void Clear()
    {
        faults.Clear();
        CalmSince = time.GetUtcNow();
        _until = DateTimeOffset.MaxValue;
    }

    /// <summary>Nothing gets through for a while.</summary>
    private void Lose(TimeSpan duration)
    {
        _outages.Add((time.GetUtcNow(), time.GetUtcNow() + duration));
        faults.Add(new Fault { Kind = Outages[random.Next(Outages.Length)], Status = 503 });
        _until = time.GetUtcNow() + duration;
    }
}
