using System.Threading.Channels;
using Border0.PdSidecar.Client.Watch;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Grpc.Core.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Channel = System.Threading.Channels.Channel;

namespace Border0.PdSidecar.Client.Tests.Watch;

/// <summary>The sidecar hears of every ended session.</summary>
public class EndReportsTests
{
    private static readonly ConnectorOptions Options = new() { ConnectorId = "c1" };

    [Theory]
    [InlineData(StatusCode.Unavailable, true)]
    [InlineData(StatusCode.DeadlineExceeded, true)]
    [InlineData(StatusCode.ResourceExhausted, true)]
    [InlineData(StatusCode.Internal, true)]
    [InlineData(StatusCode.Unauthenticated, true)]
    [InlineData(StatusCode.InvalidArgument, false)]
    [InlineData(StatusCode.Unimplemented, false)]
    public async Task Report_ThatFails_IsTriedAgain_UnlessThereIsNoHope(StatusCode code, bool again)
    {
        var time = new FakeTimeProvider();
        var sidecar = new Ends(code, StatusCode.OK);
        using var reports = new EndReports(sidecar, Options, time, NullLogger.Instance);
        var running = reports.RunAsync();

        reports.Report("s1");
        var reported = reports.WhenReportedAsync("s1", CancellationToken.None);
        await sidecar.CalledAsync();
        if (again)
        {
            Assert.False(reported.IsCompleted);
            await AdvanceUntilAsync(time, reported);
        }

        await reported;
        Assert.Equal(again ? 2 : 1, sidecar.Calls);
        reports.Finish();
        await running;
    }

    [Fact]
    public async Task Finish_TriesWhatWaitsOnceMore_AndEnds()
    {
        var sidecar = new Ends(StatusCode.Unavailable);
        using var reports = new EndReports(sidecar, Options, new FakeTimeProvider(), NullLogger.Instance);
        var running = reports.RunAsync();
        reports.Report("s1");
        await sidecar.CalledAsync();

        reports.Finish();

        await running.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(2, sidecar.Calls);
    }

    private static async Task AdvanceUntilAsync(FakeTimeProvider time, Task task)
    {
        using var turns = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!task.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            await turns.WaitForNextTickAsync();
        }
    }

    /// <summary>Answers one status after the other, the last one for ever.</summary>
    private sealed class Ends(params StatusCode[] statuses) : EvaluationService.EvaluationServiceClient
    {
        private readonly Channel<bool> _called = Channel.CreateUnbounded<bool>();
        private int _calls;

        public int Calls => _calls;

        public Task<bool> CalledAsync() => _called.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

        public override AsyncUnaryCall<EndSessionResponse> EndSessionAsync(
            EndSessionRequest request, Metadata? headers = null, DateTime? deadline = null, CancellationToken cancellationToken = default)
        {
            var code = statuses[Math.Min(Interlocked.Increment(ref _calls), statuses.Length) - 1];
            _called.Writer.TryWrite(true);
            return TestCalls.AsyncUnaryCall(
                code == StatusCode.OK
                    ? Task.FromResult(new EndSessionResponse())
                    : Task.FromException<EndSessionResponse>(new RpcException(new Status(code, ""))),
                Task.FromResult(new Metadata()),
                () => new Status(code, ""),
                () => [],
                () => { });
        }
    }
}
