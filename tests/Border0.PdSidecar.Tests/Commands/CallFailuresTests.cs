using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.Rpc;
using Grpc.Core;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>What a call that failed says, and exits with.</summary>
public class CallFailuresTests
{
    [Theory]
    [InlineData(StatusCode.OK, 0)]
    [InlineData(StatusCode.Internal, 1)]
    [InlineData(StatusCode.Unknown, 1)]
    [InlineData(StatusCode.DataLoss, 1)]
    [InlineData(StatusCode.Unimplemented, 1)]
    [InlineData(StatusCode.Cancelled, 1)]
    [InlineData(StatusCode.InvalidArgument, 2)]
    [InlineData(StatusCode.OutOfRange, 2)]
    [InlineData(StatusCode.Unavailable, 3)]
    [InlineData(StatusCode.DeadlineExceeded, 3)]
    [InlineData(StatusCode.Unauthenticated, 4)]
    [InlineData(StatusCode.PermissionDenied, 4)]
    [InlineData(StatusCode.NotFound, 5)]
    [InlineData(StatusCode.AlreadyExists, 6)]
    [InlineData(StatusCode.Aborted, 6)]
    [InlineData(StatusCode.FailedPrecondition, 6)]
    [InlineData(StatusCode.ResourceExhausted, 7)]
    public void Status_HasItsExitCode(StatusCode status, int code)
    {
        Assert.Equal(code, CallFailures.ExitCodeOf(status));
        Assert.Contains(ExitCodes.All, c => c.Code == code);
    }

    [Fact]
    public void EveryBadField_HasItsLine()
    {
        var found = new FieldViolations();
        found.Add("policy.name", "is required");
        found.Add("policy.integrations[0].pagerduty_oncall.service_id", "is \u001b[31mred");
        var terminal = ToolRun.Terminal();

        Assert.Equal(2, CallFailures.Tell(terminal, RpcErrors.Invalid(found), "unix:/s"));
        Assert.Equal(
            "pdsidecar: policy.name is required\npdsidecar: policy.integrations[0].pagerduty_oncall.service_id is \\u001b[31mred\n", terminal.Error.ToString());
    }

    [Fact]
    public void FieldsThatThereWasNoRoomFor_AreCounted()
    {
        var found = new FieldViolations();
        for (var i = 0; i < 90; i++)
        {
            found.Add($"policy.integrations[{i}].pagerduty_oncall.service_id", "is required");
        }

        var lines = CallFailures.Lines(RpcErrors.Invalid(found), "unix:/s");
        Assert.StartsWith("policy.integrations[0]", lines[0], StringComparison.Ordinal);
        Assert.Equal($"(and {90 - (lines.Count - 1)} more)", lines[^1]);
    }

    [Fact]
    public void AnErrorThatSaysWhatToDo_GetsNoHintOfOurs()
    {
        Assert.Null(CallFailures.Hint(RpcErrors.EtagMismatch("policy", "p"), "unix:/s"));
        Assert.Contains("--force", CallFailures.Hint(RpcErrors.Precondition("INTEGRATION_IN_USE", "in use"), "unix:/s"), StringComparison.Ordinal);
        Assert.Contains("--timeout", CallFailures.Hint(new RpcException(new Status(StatusCode.DeadlineExceeded, "")), "unix:/s"), StringComparison.Ordinal);
    }
}
