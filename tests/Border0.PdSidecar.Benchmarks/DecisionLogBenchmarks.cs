using BenchmarkDotNet.Attributes;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using Decision = Border0.PdSidecar.V1.Decision;

namespace Border0.PdSidecar.Benchmarks;

/// <summary>What it costs an Evaluate that it is on record: nothing is written to a disk here.</summary>
public class DecisionLogBenchmarks
{
    private const int Together = 1024;

    private readonly EvaluateRequest _request = new()
    {
        RequestId = "0192f3a4-6b1c-7d2e-8f90-a1b2c3d4e5f6",
        ConnectorId = "bastion-1",
        SocketId = "measured",
        SocketType = "ssh",
        UserEmail = "alice@example.com",
        ClientIp = "192.0.2.10",
    };

    private readonly EvaluationAnswer _answer = EvaluationAnswer.Of(new EvaluateResponse
    {
        RequestId = "0192f3a4-6b1c-7d2e-8f90-a1b2c3d4e5f6",
        Decision = Decision.Allow,
        AllowedActions = { ["ssh"] = new ActionList { Values = { "*" } } },
        Reasons =
        {
            new Reason
            {
                Code = ReasonCode.Granted,
                PolicyName = "policy-0",
                Message = "Policy policy-0 grants access. alice@example.com is on call for escalation policy E0 until 18:00Z.",
                FactsAge = new Duration { Seconds = 3 },
            },
        },
        ValidUntil = new Timestamp { Seconds = 1_795_482_200 },
        FactsTime = new Timestamp { Seconds = 1_795_438_997 },
    });

    private readonly Caller _caller = new("loopback", "a benchmark", Roles.Connector);
    private readonly Discarding _sink = new();
    private PolicySnapshot _policies = PolicySnapshot.Empty;
    private DecisionRecorder _on = null!;
    private DecisionRecorder _off = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        var catalog = new PolicyCatalog();
        catalog.Replace(World.Policies(10), [World.Settings]);
        _policies = catalog.Current;
        (_on, _off) = (Recorder(_sink), Recorder());
        On();
        for (var i = 0; i < 1_000 && _sink.Bytes == 0; i++)
        {
            await Task.Delay(10);
        }

        if (_sink.Bytes == 0)
        {
            throw new InvalidOperationException("what is recorded is not written");
        }
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _on.DisposeAsync();
        await _off.DisposeAsync();
    }

    /// <summary>A decision while the log is off.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Together)]
    public void Off() => Record(_off);

    /// <summary>A decision on record: its line made and handed to the writer, as fast as the writer takes them.</summary>
    [Benchmark(OperationsPerInvoke = Together)]
    public void On() => Record(_on);

    private static DecisionRecorder Recorder(params IRecordSink[] sinks) => new(
        sinks, DecisionLogFilter.All, DecisionLogWhenFull.Block, World.Organization, TimeProvider.System, NullLogger<DecisionRecorder>.Instance);

    private void Record(DecisionRecorder recorder)
    {
        var call = new EvaluateCall(null, _caller, CancellationToken.None);
        for (var i = 0; i < Together; i++)
        {
            var recording = recorder.RecordAsync(_request, _answer, _policies, call);
            if (!recording.IsCompletedSuccessfully)
            {
                recording.AsTask().GetAwaiter().GetResult();
            }
        }
    }

    private sealed class Discarding : IRecordSink
    {
        private long _bytes;

        public string Name => "nowhere";

        public long Bytes => Interlocked.Read(ref _bytes);

        public void Write(ReadOnlySpan<byte> lines) => Interlocked.Add(ref _bytes, lines.Length);

        public void Dispose()
        {
            // There is nothing to close.
        }
    }
}
