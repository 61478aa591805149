using System.Net.Sockets;
using System.Security.Authentication;
using Border0.PdSidecar.Commands.Terminals;
using Google.Rpc;
using Grpc.Core;

namespace Border0.PdSidecar.Commands.Remote;

/// <summary>What a call that failed means for the person who made it: a sentence, the fields, what to do, and an exit code.</summary>
internal static class CallFailures
{
    /// <summary>The exit code for a status.</summary>
    public static int ExitCodeOf(StatusCode status) => status switch
    {
        StatusCode.OK => ExitCodes.Done,
        StatusCode.InvalidArgument or StatusCode.OutOfRange => ExitCodes.Wrong,
        StatusCode.Unavailable or StatusCode.DeadlineExceeded => ExitCodes.NoAnswer,
        StatusCode.Unauthenticated or StatusCode.PermissionDenied => ExitCodes.NotAllowed,
        StatusCode.NotFound => ExitCodes.NotFound,
        StatusCode.AlreadyExists or StatusCode.Aborted or StatusCode.FailedPrecondition => ExitCodes.Conflict,
        StatusCode.ResourceExhausted => ExitCodes.Exhausted,
        _ => ExitCodes.Failed,
    };

    /// <summary>Says it, and returns the exit code.</summary>
    public static int Tell(Terminal terminal, RpcException failure, string address)
    {
        foreach (var line in Lines(failure, address))
        {
            terminal.Complain(line);
        }

        if (Hint(failure, address) is { } hint)
        {
            terminal.Hint(hint);
        }

        return ExitCodeOf(failure.StatusCode);
    }

    /// <summary>What is wrong: a line for each bad field, else one line.</summary>
    public static IReadOnlyList<string> Lines(RpcException failure, string address)
    {
        if (failure.GetRpcStatus() is not { } status)
        {
            return [failure.StatusCode == StatusCode.DeadlineExceeded ? $"{address} did not answer in time" : $"{address}: {Cause(failure, address)}"];
        }

        var fields = status.GetDetail<BadRequest>()?.FieldViolations ?? [];
        return fields.Count == 0 ? [status.Message]
            : status.Message.StartsWith("(and ", StringComparison.Ordinal) ? [.. fields.Select(f => $"{f.Field} {f.Description}"), status.Message[..(status.Message.IndexOf(')', StringComparison.Ordinal) + 1)]]
            : [.. fields.Select(f => $"{f.Field} {f.Description}")];
    }

    /// <summary>What to do about it, where the error does not say so itself.</summary>
    public static string? Hint(RpcException failure, string address)
    {
        if (failure.GetRpcStatus() is { } status)
        {
            return status.GetDetail<ErrorInfo>()?.Reason switch
            {
                "PAGERDUTY_REFUSES_KEY" => "pdsidecar integrations check NAME says what the key can read; pdsidecar integrations update NAME --api-key-file FILE replaces it",
                "INTEGRATION_IN_USE" => "pdsidecar policies list --integration NAME shows them; --force deletes it all the same",
                "CREDENTIALS_REQUIRED" or "CREDENTIALS_INVALID" or "ROLE_REQUIRED" => $"commands take the token from {RemoteOptions.TokenVariable} or --token-file FILE",
                _ => null,
            };
        }

        return failure switch
        {
            { StatusCode: StatusCode.DeadlineExceeded } => "--timeout gives it longer",
            _ when Inner<SocketException>(failure) is { SocketErrorCode: SocketError.AccessDenied } =>
                "the socket is another user's: call as the user that the sidecar runs as, or with --address 127.0.0.1:50551 and a token",
            _ when Inner<SocketException>(failure) is { } socket => $"is the sidecar running? pdsidecar serve starts it; --address or {RemoteOptions.AddressVariable} says where it is{(socket.SocketErrorCode == SocketError.HostNotFound ? "; its host name is not known" : "")}",
            _ when Inner<AuthenticationException>(failure) is not null =>
                "--ca-file names the authority of the sidecar's certificate, which must name the host of the address; a sidecar on loopback has no TLS unless it was given a certificate; a sidecar that wants a client certificate needs --client-cert and --client-key",
            { StatusCode: StatusCode.Unavailable or StatusCode.Internal or StatusCode.Unimplemented or StatusCode.Unknown } =>
                $"is {address} a sidecar's gRPC address? It is not the one of webhooks and metrics, and https needs a sidecar with a certificate",
            _ => null,
        };
    }

    private static string Cause(RpcException failure, string address)
    {
        var cause = failure.Status.DebugException;
        while (cause?.InnerException is { } inner)
        {
            cause = inner;
        }

        // What the system says of a path that is not there.
        return cause is SocketException { SocketErrorCode: SocketError.AddressNotAvailable } && address.StartsWith("unix:", StringComparison.Ordinal) ? "there is no such socket"
            : cause?.Message ?? $"{failure.StatusCode}: {failure.Status.Detail}";
    }

    private static T? Inner<T>(RpcException failure)
        where T : Exception
    {
        for (var cause = failure.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is T found)
            {
                return found;
            }
        }

        return null;
    }
}
