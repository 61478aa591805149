using Border0.PdSidecar.Engine.Validation;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace Border0.PdSidecar.Rpc;

/// <summary>Makes the errors that callers get: google.rpc.Status with a stable reason, and every bad field.</summary>
internal static class RpcErrors
{
    private const string Domain = "pdsidecar.border0.com";

    // gRPC's libraries for Java and C take 8 KiB of headers, the message (percent-encoded) and the details (in base 64) included; beyond
    // that the caller would see some other error than this one.
    private const int LongestMessage = 1400;
    private const int LongestViolations = 3000;

    public static RpcException Invalid(FieldViolations found)
    {
        var bad = new BadRequest();
        foreach (var violation in found.Found)
        {
            bad.FieldViolations.Add(new BadRequest.Types.FieldViolation { Field = violation.Field, Description = violation.Description });
            if (bad.CalculateSize() > LongestViolations)
            {
                bad.FieldViolations.RemoveAt(bad.FieldViolations.Count - 1);
                break;
            }
        }

        var more = found.Found.Count - bad.FieldViolations.Count;
        return Error(
            Code.InvalidArgument,
            "INVALID_FIELDS",
            (more > 0 ? $"(and {more} more) " : "") + string.Join("; ", found.Found.Select(v => $"{v.Field} {v.Description}")),
            bad);
    }

    public static RpcException Malformed(string why) => Error(Code.InvalidArgument, "MALFORMED_REQUEST", $"the request is no message of its type: {why}");

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

    public static RpcException Unauthenticated(string reason, string message) => Error(Code.Unauthenticated, reason, message);

    public static RpcException PermissionDenied(string reason, string message, params ReadOnlySpan<(string Key, string Value)> metadata) =>
        Error(Code.PermissionDenied, reason, message, null, metadata);

    public static RpcException Unavailable(string reason, string message) => Error(Code.Unavailable, reason, message);

    public static RpcException Internal(string id) => Error(Code.Internal, "INTERNAL", $"something went wrong inside the sidecar; its log says more under {id}");

    public static RpcException Exhausted(string reason, string message) => Error(Code.ResourceExhausted, reason, message);

    public static RpcException TooSlow() => Error(
        Code.ResourceExhausted, "WATCHER_TOO_SLOW", "the watcher reads too slowly and was cut off; resume with the last resume_token");

    public static RpcException Stopping() => Error(Code.Unavailable, "STOPPING", "the sidecar is stopping; connect again");

    /// <summary>The stable reason of an error that was made here.</summary>
    public static string ReasonOf(RpcException e) => e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason ?? "";

    private static RpcException Error(Code code, string reason, string message, BadRequest? bad = null, params ReadOnlySpan<(string Key, string Value)> metadata)
    {
        message = Shortened(message);
        var status = new Google.Rpc.Status { Code = (int)code, Message = message };
        var info = new ErrorInfo { Reason = reason, Domain = Domain };
        foreach (var (key, value) in metadata)
        {
            info.Metadata.Add(key, value);
        }

        status.Details.Add(Any.Pack(info));
        if (bad is not null)
        {
            status.Details.Add(Any.Pack(bad));
        }

        return status.ToRpcException();
    }

    /// <summary>The message as far as there is room for it, percent-encoded as it is sent.</summary>
    private static string Shortened(string message)
    {
        var (at, left) = (0, LongestMessage);
        foreach (var rune in message.EnumerateRunes())
        {
            left -= rune.IsAscii && !char.IsControl((char)rune.Value) && rune.Value != '%' ? 1 : 3 * rune.Utf8SequenceLength;
            if (left < 0)
            {
                return message[..at] + "...";
            }

            at += rune.Utf16SequenceLength;
        }

        return message;
    }
}
