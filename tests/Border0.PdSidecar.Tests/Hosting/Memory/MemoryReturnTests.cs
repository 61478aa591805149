using Border0.PdSidecar.Hosting.Memory;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Tests.Hosting.Memory;

public sealed class MemoryReturnTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryReturn _memory;
    private long _allocated = 50 << 20;
    private long _inUse = 1 << 20;
    private int _returns;

    public MemoryReturnTests() => _memory = new MemoryReturn(_time, () => _allocated, GiveBack);

    public Task InitializeAsync() => _memory.StartAsync(default);

    public async Task DisposeAsync()
    {
        await _memory.StopAsync(default);
        _memory.Dispose();
    }

    [Fact]
    public void A_rush_is_given_back_once_when_it_is_over()
    {
        for (var i = 0; i < 5; i++)
        {
            Pass(20 << 20);
            Assert.Equal(0, _returns);
        }

        Pass(1000);
        Assert.Equal(1, _returns);
        for (var i = 0; i < 100; i++)
        {
            Pass(1000);
        }

        Assert.Equal(1, _returns);
    }

    [Fact]
    public void While_there_are_calls_nothing_is_stopped()
    {
        for (var i = 0; i < 1_000; i++)
        {
            Pass(MemoryReturn.Quiet);
        }

        Assert.Equal(0, _returns);
    }

    [Fact]
    public void What_an_idle_process_allocates_is_given_back_when_it_is_worth_it()
    {
        var seconds = 0;
        for (; _returns == 0 && seconds < 100_000; seconds++)
        {
            Pass(10_000);
        }

        Assert.Equal((MemoryReturn.Worthwhile / 10_000) + 1, seconds);
    }

    [Fact]
    public void With_much_in_use_it_takes_as_much_to_be_worth_it()
    {
        _inUse = 100 << 20;
        Pass(MemoryReturn.Worthwhile);
        Pass(0);
        Assert.Equal(1, _returns);

        Pass(_inUse - 1);
        Pass(0);
        Assert.Equal(1, _returns);
        Pass(1);
        Assert.Equal(2, _returns);
    }

    [Fact]
    public async Task Stopped_it_looks_no_more()
    {
        Pass(100 << 20);
        await _memory.StopAsync(default);
        Pass(0);
        Assert.Equal(0, _returns);
    }

    private long GiveBack()
    {
        _returns++;
        return _inUse;
    }

    private void Pass(long allocates)
    {
        _allocated += allocates;
        _time.Advance(MemoryReturn.Interval);
    }
}
