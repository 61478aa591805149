namespace Border0.PdSidecar.Proofs.Tests.HandOvers;

/// <summary>A rotation as an administrator defines it: every day at some hours of the local clock the next one takes over.</summary>
/// <param name="Name">The schedule's name.</param>
/// <param name="TimeZone">The IANA time zone whose clock it goes by.</param>
/// <param name="Hours">The local hours at which it is handed over, ascending.</param>
/// <param name="Order">Who follows whom, as numbers of users; a number twice in a row is somebody who follows upon themselves.</param>
internal sealed record Rotation(string Name, string TimeZone, int[] Hours, int[] Order)
{
    /// <summary>The shifts that begin on the days of a span: who, and from when to when by the local clock.</summary>
    public IEnumerable<(int User, DateTime From, DateTime To)> Shifts(DateOnly from, DateOnly to)
    {
        for (var day = from; day <= to; day = day.AddDays(1))
        {
            for (var i = 0; i < Hours.Length; i++)
            {
                var number = (day.DayNumber * Hours.Length) + i;
                var begin = day.ToDateTime(new TimeOnly(Hours[i], 0));
                var end = i + 1 < Hours.Length ? day.ToDateTime(new TimeOnly(Hours[i + 1], 0)) : day.AddDays(1).ToDateTime(new TimeOnly(Hours[0], 0));
                yield return (Order[number % Order.Length], begin, end);
            }
        }
    }

    /// <summary>The instant of a local time as PagerDuty, which has the time zone database, computes it.</summary>
    public DateTimeOffset ByDatabase(DateTime local)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(TimeZone);
        return new DateTimeOffset(TimeZoneInfo.ConvertTimeToUtc(local, zone), TimeSpan.Zero);
    }

    /// <summary>The same by the rules that are in force since 2008, for the oracle: no database.</summary>
    public DateTimeOffset ByRule(DateTime local)
    {
        var (standard, saving, begins, ends) = Rules(local.Year);
        var isSummer = begins < ends ? local >= begins && local < ends : local >= begins || local < ends;
        return new DateTimeOffset(local, standard + (isSummer ? saving : TimeSpan.Zero)).ToUniversalTime();
    }

    /// <summary>Whether the clock changes between two local times.</summary>
    public bool HasChange(DateTime from, DateTime to)
    {
        var (_, _, begins, ends) = Rules(to.Year);
        return (from < begins && begins <= to) || (from < ends && ends <= to);
    }

    /// <summary>Offset of standard time, what summer time adds, and when it begins and ends by the local clock.</summary>
    private (TimeSpan Standard, TimeSpan Saving, DateTime Begins, DateTime Ends) Rules(int year) => TimeZone switch
    {
        "Europe/Berlin" => (TimeSpan.FromHours(1), TimeSpan.FromHours(1), Sunday(year, 3, 0).AddHours(2), Sunday(year, 10, 0).AddHours(3)),
        "America/New_York" => (TimeSpan.FromHours(-5), TimeSpan.FromHours(1), Sunday(year, 3, 2).AddHours(2), Sunday(year, 11, 1).AddHours(2)),
        "Australia/Lord_Howe" => (TimeSpan.FromHours(10.5), TimeSpan.FromHours(0.5), Sunday(year, 10, 1).AddHours(2), Sunday(year, 4, 1).AddHours(2)),
        _ => throw new InvalidOperationException($"no rule for {TimeZone}"),
    };

    /// <summary>The n-th Sunday of a month; 0 for the last.</summary>
    private static DateTime Sunday(int year, int month, int n)
    {
        var last = new DateTime(year, month, DateTime.DaysInMonth(year, month));
        var first = new DateTime(year, month, 1);
        return n == 0 ? last.AddDays(-(int)last.DayOfWeek) : first.AddDays(((7 - (int)first.DayOfWeek) % 7) + (7 * (n - 1)));
    }
}
