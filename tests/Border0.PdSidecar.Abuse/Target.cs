using System.Net;
using Border0.PdSidecar.V1;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Abuse;

/// <summary>What is abused: a sidecar's listeners, by somebody without credentials on loopback.</summary>
/// <param name="Grpc">The gRPC listener.</param>
/// <param name="Http">The HTTP listener.</param>
/// <param name="Scale">How much of everything: 1 in a test, more in a long run.</param>
public sealed record Target(IPEndPoint Grpc, Uri Http, int Scale)
{
    public const string Evaluate = "/border0.pdsidecar.v1.EvaluationService/Evaluate";
    public const string EvaluateStream = "/border0.pdsidecar.v1.EvaluationService/EvaluateStream";
    public const string WatchSessions = "/border0.pdsidecar.v1.EvaluationService/WatchSessions";

    public Uri Webhooks => new(Http, "/webhooks/pagerduty/v3/pd");

    public GrpcChannel Connect() => GrpcChannel.ForAddress($"http://{Grpc}", new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });

    public static EvaluateRequest Request(string connector = "abuser", string session = "", string user = "alice@example.com") =>
        new() { ConnectorId = connector, SocketId = "bastion", SocketType = "ssh", UserEmail = user, SessionKey = session };
}
