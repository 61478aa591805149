using System.Diagnostics;
using System.Net;
using Border0.PdSidecar.Load.Wire;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Load.Loads;

/// <summary>EvaluateStream in a closed loop: whenever a message's worth of answers has come, another message is sent.</summary>
internal sealed class StreamLoad : LoadThread
{
    private const byte Responses = 0x0a;
    private readonly byte[] _message;
    private readonly byte[] _begins;
    private readonly int _perMessage;
    private readonly int _messages;
    private readonly MessageReader _reader;
    private readonly Queue<long> _begun = new();
    private int _stream;
    private int _answers;
    private int _room;

    public StreamLoad(EndPoint endpoint, EvaluateRequest request, byte[] begins, int perMessage, int inFlight)
        : base(endpoint, "/border0.pdsidecar.v1.EvaluationService/EvaluateStream")
    {
        (_begins, _perMessage, _messages) = (begins, perMessage, inFlight / perMessage);
        _message = new EvaluateStreamRequest { Requests = { Enumerable.Repeat(request, perMessage) } }.ToByteArray();
        _reader = new MessageReader(Take);
    }

    public override void OnData(int stream, ReadOnlySpan<byte> payload) => _reader.Take(payload);

    public override void OnEnd(int stream) => throw new InvalidDataException("the stream ended");

    protected override void Run()
    {
        _stream = Connection.Start(_message, last: false);
        _begun.Enqueue(Stopwatch.GetTimestamp());
        for (var i = 1; i < _messages; i++)
        {
            Send();
        }

        Connection.Flush();
        while (_begun.Count > 0)
        {
            _room = 0;
            Connection.Read(this);
            for (var i = 0; i < _room && !Stopping; i++)
            {
                Send();
            }

            if (_room > 0)
            {
                Connection.Flush();
            }
        }
    }

    private void Send()
    {
        Connection.Send(_stream, _message);
        _begun.Enqueue(Stopwatch.GetTimestamp());
    }

    private void Take(ReadOnlySpan<byte> message)
    {
        while (message.Length > 0)
        {
            if (message[0] != Responses)
            {
                throw new InvalidDataException("not an answer: " + Convert.ToHexString(message));
            }

            var length = (int)Varint(message = message[1..], out var read);
            if (!message[read..].StartsWith(_begins))
            {
                throw new InvalidDataException("an answer is not an allow: " + Convert.ToHexString(message));
            }

            message = message[(read + length)..];
            if (++_answers % _perMessage == 0)
            {
                _room++;
                Answered(_perMessage, Stopwatch.GetTimestamp() - _begun.Dequeue());
            }
        }
    }

    private static long Varint(ReadOnlySpan<byte> bytes, out int read)
    {
        var value = 0L;
        for (read = 0; ; read++)
        {
            value |= (bytes[read] & 0x7fL) << (7 * read);
            if (bytes[read] < 0x80)
            {
                read++;
                return value;
            }
        }
    }
}
