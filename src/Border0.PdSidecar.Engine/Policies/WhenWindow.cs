namespace Border0.PdSidecar.Engine.Policies;

/// <summary>
/// The instants that a policy's <c>when</c> admits: from <c>after</c> (inclusive) to <c>before</c> (exclusive), and within them
/// the times of day from <c>time_of_day_after</c> (inclusive) to <c>time_of_day_before</c> (exclusive), over midnight when the
/// second is earlier than the first, the whole day when both are equal.
/// </summary>
/// <remarks>
/// Times of day are the wall clock's at each instant. So a bound that falls into the hour that a change to daylight saving time
/// skips takes effect when the clock jumps over it, and one in the hour that is lived twice takes effect each time.
/// Thread-safe: what was worked out last is kept in one reference that any thread may replace.
/// </remarks>
public sealed class WhenWindow
{
    private readonly DateTimeOffset? _after;
    private readonly DateTimeOffset? _before;
    private readonly TimeOnly? _from;
    private readonly TimeOnly? _to;
    private readonly TimeZoneInfo _zone;
    private volatile Stretch? _known;

    /// <summary>Makes a window; a bound that is null restricts nothing.</summary>
    public WhenWindow(DateTimeOffset? after, DateTimeOffset? before, TimeOnly? timeOfDayAfter, TimeOnly? timeOfDayBefore, TimeZoneInfo zone)
    {
        _after = after;
        _before = before;
        _zone = zone;
        if (timeOfDayAfter != timeOfDayBefore)
        {
            (_from, _to) = (timeOfDayAfter, timeOfDayBefore);
        }
    }

    /// <summary>Which bound keeps an instant out.</summary>
    public enum Verdict
    {
        /// <summary>None: the instant is in.</summary>
        In,

        /// <summary><c>after</c> has not come yet.</summary>
        TooEarly,

        /// <summary><c>before</c> has passed.</summary>
        TooLate,

        /// <summary>The time of day is outside.</summary>
        OutsideTimeOfDay,
    }

    /// <summary>Whether the instant is in, and if not, why.</summary>
    public Verdict At(DateTimeOffset instant) => StretchAt(instant).Verdict;

    /// <summary>The first instant after the given one at which <see cref="At"/> changes between in and out; null if it never does.</summary>
    public DateTimeOffset? NextChange(DateTimeOffset instant) => StretchAt(instant).Until;

    private Stretch StretchAt(DateTimeOffset instant)
    {
        var known = _known;
        if (known is null || instant < known.From || (known.Recheck is { } recheck && instant >= recheck))
        {
            _known = known = Work(instant);
        }

        return known;
    }

    private Stretch Work(DateTimeOffset instant)
    {
        var verdict = Judge(instant);
        if (verdict == Verdict.TooLate)
        {
            return new Stretch(verdict, instant, null, null);
        }

        if (_from is null && _to is null)
        {
            var edge = verdict == Verdict.TooEarly ? _after : _before;
            return new Stretch(verdict, instant, edge, edge);
        }

        var isIn = verdict == Verdict.In;
        var search = verdict == Verdict.TooEarly ? _after!.Value : instant;
        DateTimeOffset? next = null;
        foreach (var candidate in Candidates(search))
        {
            if (candidate > instant && (next is null || candidate < next) && (Judge(candidate) == Verdict.In) != isIn)
            {
                next = candidate;
            }
        }

        // Nothing for days (a window that admits every time of day, or none): look again then, and say that no end is known.
        return new Stretch(verdict, instant, next, next ?? search.AddDays(2));
    }

    private Verdict Judge(DateTimeOffset instant)
    {
        if (_before is { } before && instant >= before)
        {
            return Verdict.TooLate;
        }

        if (_after is { } after && instant < after)
        {
            return Verdict.TooEarly;
        }

        if (_from is null && _to is null)
        {
            return Verdict.In;
        }

        var clock = TimeOnly.FromTimeSpan(TimeZoneInfo.ConvertTime(instant, _zone).TimeOfDay);
        var isIn = (_from, _to) switch
        {
            ({ } from, { } to) when from < to => clock >= from && clock < to,
            ({ } from, { } to) => clock >= from || clock < to,
            ({ } from, null) => clock >= from,
            (null, { } to) => clock < to,
            _ => true,
        };
        return isIn ? Verdict.In : Verdict.OutsideTimeOfDay;
    }

    /// <summary>Every instant of the coming days at which the verdict can change; some at which it does not.</summary>
    private IEnumerable<DateTimeOffset> Candidates(DateTimeOffset instant)
    {
        if (_after is { } after)
        {
            yield return after;
        }

        if (_before is { } before)
        {
            yield return before;
        }

        var today = TimeZoneInfo.ConvertTime(instant, _zone).Date;
        for (var day = -1; day <= 3; day++)
        {
            // Midnight too: a window with one bound only changes there.
            foreach (var clock in (TimeOnly?[])[_from, _to, TimeOnly.MinValue])
            {
                if (clock is { } time)
                {
                    var wall = DateTime.SpecifyKind(today.AddDays(day) + time.ToTimeSpan(), DateTimeKind.Unspecified);
                    if (_zone.IsAmbiguousTime(wall))
                    {
                        foreach (var offset in _zone.GetAmbiguousTimeOffsets(wall))
                        {
                            yield return new DateTimeOffset(wall, offset);
                        }
                    }
                    else if (!_zone.IsInvalidTime(wall))
                    {
                        yield return new DateTimeOffset(wall, _zone.GetUtcOffset(wall));
                    }
                }
            }
        }

        // Where the clock itself jumps.
        for (var hour = -24; hour < 72; hour++)
        {
            var (left, right) = (instant.AddHours(hour), instant.AddHours(hour + 1));
            if (_zone.GetUtcOffset(left) != _zone.GetUtcOffset(right))
            {
                yield return Jump(left, right);
            }
        }
    }

    private DateTimeOffset Jump(DateTimeOffset left, DateTimeOffset right)
    {
        var before = _zone.GetUtcOffset(left);
        while (right - left > TimeSpan.FromTicks(1))
        {
            var middle = left + ((right - left) / 2);
            if (_zone.GetUtcOffset(middle) == before)
            {
                left = middle;
            }
            else
            {
                right = middle;
            }
        }

        return right;
    }

    /// <summary>From <paramref name="From"/> on the verdict is this one, up to <paramref name="Recheck"/> at least.</summary>
    private sealed record Stretch(Verdict Verdict, DateTimeOffset From, DateTimeOffset? Until, DateTimeOffset? Recheck);
}
