using Border0.PdSidecar.Engine.Policies;

namespace Border0.PdSidecar.Engine.Tests.Policies;

public class TimeOfDayBoundTests
{
    [Theory]
    [InlineData("00:00", "00:00")]
    [InlineData("18:30:15", "18:30:15")]
    [InlineData("00:00 UTC", "00:00 UTC")]
    [InlineData("09:00 Europe/Berlin", "09:00 Europe/Berlin")]
    [InlineData("09:00Z", "09:00 UTC")]
    [InlineData(" 09:00 ", "09:00")]
    public void TimeOfDay_InAnyOfTheForms_IsRead(string text, string means)
    {
        Assert.True(TimeOfDayBound.TryParse(text, out var bound));
        Assert.Equal(means, bound.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("24:00")]
    [InlineData("9:00")]
    [InlineData("09:60")]
    [InlineData("noon")]
    [InlineData("09:00+02:00")]
    public void TimeOfDay_InAnotherForm_IsRefused(string text) => Assert.False(TimeOfDayBound.TryParse(text, out _));

    [Theory]
    [InlineData("Europe/Berlin", true)]
    [InlineData("utc", true)]
    [InlineData("Europe/Atlantis", false)]
    [InlineData("../../etc/passwd", false)]
    [InlineData("/etc/localtime", false)]
    public void Zone_IsFoundByItsName_AndByNothingElse(string id, bool found) =>
        Assert.Equal(found, TimeOfDayBound.TryFindZone(id, out _));
}
