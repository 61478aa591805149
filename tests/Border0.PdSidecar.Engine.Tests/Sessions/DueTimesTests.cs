using Border0.PdSidecar.Engine.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public sealed class DueTimesTests : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly FakeTimeProvider _time = new(World.Start);
    private readonly HashSet<string> _over = [];
    private readonly List<string> _due = [];
    private readonly DueTimes<string> _times;

    public DueTimesTests() => _times = new DueTimes<string>(_time, _due.Add, _over.Contains);

    public void Dispose() => _times.Dispose();

    [Fact]
    public void WhatIsDue_ComesInOrder_AndNotBefore()
    {
        Add("c", 3000);
        Add("a", 1000);
        Add("b", 2000);

        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Empty(_due);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["a"], _due);
        _time.Advance(TimeSpan.FromMilliseconds(5000));
        Assert.Equal(["a", "b", "c"], _due);
    }

    [Fact]
    public void AFewThatAreOver_AreKeptUntilTheyAreDue()
    {
        AddAll(10);
        EndFirst(10);

        _time.Advance(Day);

        Assert.Equal(10, _due.Count);
    }

    [Theory]
    [InlineData(3000, 2000, 1500)]
    [InlineData(1500, 1024, 1024)]
    [InlineData(1500, 1023, 0)]
    [InlineData(100_000, 2000, 0)]
    public void ManyThatAreOver_AreForgottenTogether_OnceTheyAreHalf(int count, int over, int forgotten)
    {
        AddAll(count);
        EndFirst(over);

        _time.Advance(Day);

        Assert.Equal(count - forgotten, _due.Count);
        Assert.Equal(over - forgotten, _due.Count(_over.Contains));
    }

    [Fact]
    public void AfterwardsThereIsNothing()
    {
        Add("a", 1000);
        _times.Dispose();
        Add("b", 1000);

        _time.Advance(Day);

        Assert.Empty(_due);
    }

    private void Add(string item, int milliseconds) => _times.Add(item, World.Start.AddMilliseconds(milliseconds));

    private void AddAll(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _times.Add($"{i}", World.Start + Day);
        }
    }

    private void EndFirst(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _over.Add($"{i}");
            _times.Drop();
        }
    }
}
