using Border0.PdSidecar.Engine.Validation;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>Makes the errors that callers get: google.rpc.Status with a stable reason, and every bad field.</summary>
internal static class RpcErrors
{
    private const string Domain = "pdsidecar.border0.com";

    public static RpcException Invalid(FieldViolations found)
    {
        var bad = new BadRequest();
        bad.FieldViolations.Add(found.Found.Select(v => new BadRequest.Types.FieldViolation { Field = v.Field, Description = v.Description }));
        return Error(Code.InvalidArgument, "INVALID_FIELDS", string.Join("; ", found.Found.Select(v => $"{v.Field} {v.Description}")), bad);
    }

    public static RpcException Invalid(string field, string description)
    {
        var found = new FieldViolations();
        found.Add(field, description);
        return Invalid(found);
    }

    public static RpcException NotFound(string what, string name) => Error(Code.NotFound, $"{what.ToUpperInvariant()}_NOT_FOUND", $"there is no {what} {name}");

    public static RpcException AlreadyExists(string what, string name) =>
        Error(Code.AlreadyExists, $"{what.ToUpperInvariant()}_ALREADY_EXISTS", $"there is a {what} {name} already (names are compared without case)");

    public static RpcException EtagMismatch(string what, string name) =>
        Error(Code.Aborted, "ETAG_MISMATCH", $"{what} {name} was changed meanwhile: read it again and repeat the change");

    public static RpcException Precondition(string reason, string message) => Error(Code.FailedPrecondition, reason, message);

    public static RpcException Unavailable(string reason, string message) => Error(Code.Unavailable, reason, message);

    public static RpcException Internal(string id) => Error(Code.Internal, "INTERNAL", $"something went wrong inside the sidecar; its log says more under {id}");

    public static RpcException TooSlow() => Error(
        Code.ResourceExhausted, "WATCHER_TOO_SLOW", "the watcher reads too slowly and was cut off; resume with the last resume_token");

    public static RpcException Stopping() => Error(Code.Unavailable, "STOPPING", "the sidecar is stopping; connect again");

    /// <summary>The stable reason of an error that was made here.</summary>
    public static string ReasonOf(RpcException e) => e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason ?? "";

    private static RpcException Error(Code code, string reason, string message, BadRequest? bad = null)
    {
        var status = new Google.Rpc.Status { Code = (int)code, Message = message };
        status.Details.Add(Any.Pack(new ErrorInfo { Reason = reason, Domain = Domain }));
        if (bad is not null)
        {
            status.Details.Add(Any.Pack(bad));
        }

        return status.ToRpcException();
    }
}
