using Border0.PdSidecar.Engine.Policies;
using CsCheck;

namespace Border0.PdSidecar.Engine.Tests.Policies;

/// <summary>Windows of when against a clock that is walked minute by minute.</summary>
public class WhenWindowTests
{
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];

    private static readonly DateTimeOffset[] Days =
    [
        new(2026, 3, 28, 0, 0, 0, TimeSpan.Zero), new(2026, 10, 24, 0, 0, 0, TimeSpan.Zero), new(2026, 3, 7, 0, 0, 0, TimeSpan.Zero),
        new(2026, 10, 31, 0, 0, 0, TimeSpan.Zero), new(2026, 4, 4, 0, 0, 0, TimeSpan.Zero), new(2026, 10, 3, 0, 0, 0, TimeSpan.Zero),
    ];

    [Fact]
    public void Window_AgreesWithAWalkByTheMinute_OverEveryChangeOfClocks() => Gen
        .Select(Gen.OneOfConst(Zones), Gen.OneOfConst(Days), Gen.Int[0, 95], Gen.Int[0, 95], Gen.Int[0, 2880])
        .Sample(
            (zoneId, day, fromQuarter, toQuarter, startMinute) =>
            {
                var zone = TimeZoneInfo.FindSystemTimeZoneById(zoneId);
                var (from, to) = (new TimeOnly(fromQuarter / 4, fromQuarter % 4 * 15), new TimeOnly(toQuarter / 4, toQuarter % 4 * 15));
                var window = new WhenWindow(null, null, from, to, zone);
                var start = day.AddMinutes(startMinute);

                Assert.Equal(IsIn(start, from, to, zone), window.At(start) == WhenWindow.Verdict.In);

                DateTimeOffset? change = null;
                // A clock that jumps over a whole gap of the window leaves two days without a change.
                for (var minute = 1; minute < 2_900 && change is null; minute++)
                {
                    var then = start.AddMinutes(minute);
                    change = IsIn(then, from, to, zone) == IsIn(start, from, to, zone) ? null : then;
                }

                Assert.Equal(change, window.NextChange(start));
            },
            iter: Soak.Runs(3_000, 3_000));

    [Fact]
    public void Window_AskedInAnyOrder_AnswersTheSame()
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var window = new WhenWindow(Days[0], Days[0].AddDays(3), new TimeOnly(9, 0), new TimeOnly(17, 0), zone);
        foreach (var minute in Enumerable.Range(0, 5000).Select(i => i * 7919 % 6000))
        {
            var at = Days[0].AddDays(-1).AddMinutes(minute);
            var fresh = new WhenWindow(Days[0], Days[0].AddDays(3), new TimeOnly(9, 0), new TimeOnly(17, 0), zone);
            Assert.Equal(fresh.At(at) == WhenWindow.Verdict.In, window.At(at) == WhenWindow.Verdict.In);
            Assert.Equal(fresh.NextChange(at), window.NextChange(at));
        }
    }

    private static bool IsIn(DateTimeOffset at, TimeOnly from, TimeOnly to, TimeZoneInfo zone)
    {
        var clock = TimeOnly.FromTimeSpan(TimeZoneInfo.ConvertTime(at, zone).TimeOfDay);
        return from == to || (from < to ? clock >= from && clock < to : clock >= from || clock < to);
    }
}
