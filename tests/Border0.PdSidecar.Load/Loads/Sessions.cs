using Border0.PdSidecar.Load.Servers;
using Google.Protobuf;

namespace Border0.PdSidecar.Load.Loads;

/// <summary>Opens many sessions.</summary>
internal static class Sessions
{
    /// <summary>Opens sessions "prefix0", "prefix1" … on a socket, spread over the connectors c0, c1 …</summary>
    public static void Open(Server server, string socket, string prefix, int count, int connectors)
    {
        using var load = new UnaryLoad(
            server.Unix,
            server.Method,
            n => n < count ? Requests.Of(socket, $"c{n % connectors}", $"{prefix}{n}").ToByteArray() : null,
            Requests.PlainAnswerBegins,
            inFlight: 32);
        load.Start();
        load.Join();
    }
}
