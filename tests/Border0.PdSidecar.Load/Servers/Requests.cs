using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Load.Servers;

/// <summary>What the connector asks.</summary>
internal static class Requests
{
    public const string User = "alice@example.com";

    /// <summary>One connection without a session, on the socket of the one policy.</summary>
    public static byte[] Plain { get; } = Of("bastion-1").ToByteArray();

    /// <summary>request_id and an allow.</summary>
    public static byte[] PlainAnswerBegins { get; } = new EvaluateResponse { RequestId = "r-1", Decision = Decision.Allow }.ToByteArray();

    public static EvaluateRequest Of(string socket, string connector = "", string session = "") => new()
    {
        RequestId = "r-1",
        ConnectorId = connector,
        SocketId = socket,
        SocketType = "ssh",
        UserEmail = User,
        Groups = { "sre", "payments" },
        ClientIp = "10.20.30.40",
        SessionKey = session,
    };
}
