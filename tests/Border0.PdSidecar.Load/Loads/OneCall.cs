using System.Net;
using Border0.PdSidecar.Load.Wire;

namespace Border0.PdSidecar.Load.Loads;

/// <summary>One unary call on a connection of its own.</summary>
internal sealed class OneCall : IFrameSink
{
    private readonly MessageReader _messages;
    private byte[]? _answer;
    private bool _ended;

    private OneCall() => _messages = new MessageReader(m => _answer = m.ToArray());

    /// <summary>The answer's bytes; null when there was none but a status.</summary>
    public static byte[]? Ask(EndPoint endpoint, string method, ReadOnlySpan<byte> request)
    {
        var call = new OneCall();
        using var connection = Http2Connection.Open(endpoint, method);
        connection.Start(request, last: true);
        connection.Flush();
        while (!call._ended)
        {
            connection.Read(call);
        }

        return call._answer;
    }

    public void OnData(int stream, ReadOnlySpan<byte> payload) => _messages.Take(payload);

    public void OnEnd(int stream) => _ended = true;
}
