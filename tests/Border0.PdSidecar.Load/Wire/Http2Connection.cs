using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Border0.PdSidecar.Load.Wire;

/// <summary>
/// One HTTP/2 connection that calls one gRPC method with prepared bytes. It costs next to nothing, so that the server is what is
/// measured: headers are encoded once and never compressed, answers are not decoded. One thread may write while another reads.
/// </summary>
internal sealed class Http2Connection : IDisposable
{
    private const int FrameHeader = 9;
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, EndHeaders = 4, Ack = 1;
    private const int LargestWindow = int.MaxValue;
    private readonly Lock _lock = new();
    private readonly Socket _socket;
    private readonly byte[] _headers;
    private ArrayBufferWriter<byte> _out = new(1 << 16);
    private ArrayBufferWriter<byte> _sending = new(1 << 16);
    private readonly byte[] _in = new byte[1 << 18];
    private int _begin;
    private int _end;
    private int _nextStream = 1;
    private long _unacknowledged;
    private long _sendWindow = 65_535;

    private Http2Connection(Socket socket, string method)
    {
        _socket = socket;
        _headers = HeaderBlock(method);
        _out.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        // No dynamic table (1), no push (2), as much as there is at once (4).
        Frame(Settings, 0, 0, [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff]);
        Number(WindowUpdate, 0, LargestWindow - 65_535);
        Flush();
    }

    /// <summary>Connects.</summary>
    /// <param name="endpoint">TCP or a Unix socket.</param>
    /// <param name="method">The method that is called, as a path.</param>
    public static Http2Connection Open(EndPoint endpoint, string method)
    {
        var socket = endpoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.ReceiveTimeout = 30_000;
            socket.SendTimeout = 30_000;
            socket.Connect(endpoint);
            return new Http2Connection(socket, method);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Begins a call, at the next flush. Returns its stream's number: 1, 3, 5 …</summary>
    public int Start(ReadOnlySpan<byte> message, bool last)
    {
        lock (_lock)
        {
            var stream = _nextStream;
            _nextStream += 2;
            Frame(Headers, EndHeaders, stream, _headers);
            Message(stream, message, last);
            return stream;
        }
    }

    /// <summary>Sends another message of a call, at the next flush.</summary>
    public void Send(int stream, ReadOnlySpan<byte> message)
    {
        lock (_lock)
        {
            Message(stream, message, last: false);
        }
    }

    /// <summary>Writes what is queued.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            (_out, _sending) = (_sending, _out);
            for (var rest = _sending.WrittenSpan; rest.Length > 0;)
            {
                rest = rest[_socket.Send(rest)..];
            }

            _sending.ResetWrittenCount();
        }
    }

    /// <summary>Waits for something to arrive and hands on every whole frame of it.</summary>
    public void Read(IFrameSink sink)
    {
        var read = _socket.Receive(_in.AsSpan(_end));
        if (read == 0)
        {
            throw new EndOfStreamException("the server closed the connection");
        }

        _end += read;
        var replies = false;
        while (_end - _begin >= FrameHeader)
        {
            var header = _in.AsSpan(_begin, FrameHeader);
            var length = (header[0] << 16) | (header[1] << 8) | header[2];
            if (_end - _begin < FrameHeader + length)
            {
                break;
            }

            replies |= Take(header[3], header[4], BinaryPrimitives.ReadInt32BigEndian(header[5..]), _in.AsSpan(_begin + FrameHeader, length), sink);
            _begin += FrameHeader + length;
        }

        _in.AsSpan(_begin, _end - _begin).CopyTo(_in);
        (_begin, _end) = (0, _end - _begin);
        if (replies)
        {
            Flush();
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Returns whether an answer to the frame is queued.</summary>
    private bool Take(byte type, byte flags, int stream, ReadOnlySpan<byte> payload, IFrameSink sink)
    {
        switch (type)
        {
            case Data:
                _unacknowledged += payload.Length;
                if (payload.Length > 0)
                {
                    sink.OnData(stream, payload);
                }

                break;
            case Settings when (flags & Ack) == 0:
                lock (_lock)
                {
                    Frame(Settings, Ack, 0, []);
                }

                return true;
            case Ping when (flags & Ack) == 0:
                lock (_lock)
                {
                    Frame(Ping, Ack, 0, payload);
                }

                return true;
            case WindowUpdate when stream == 0:
                Interlocked.Add(ref _sendWindow, BinaryPrimitives.ReadInt32BigEndian(payload));
                return false;
            case Reset or GoAway:
                throw new IOException($"the server sent frame {type} for stream {stream}: {Convert.ToHexString(payload)}");
        }

        if (type is Data or Headers && (flags & EndStream) != 0)
        {
            sink.OnEnd(stream);
        }

        if (_unacknowledged < 1 << 28)
        {
            return false;
        }

        lock (_lock)
        {
            Number(WindowUpdate, 0, (int)_unacknowledged);
        }

        _unacknowledged = 0;
        return true;
    }

    private void Message(int stream, ReadOnlySpan<byte> message, bool last)
    {
        var length = message.Length + 5;
        // A stream's own window is far larger than what is under way here; only the connection's first 64 KB could run out.
        if (length > 16_384 || Interlocked.Add(ref _sendWindow, -length) < 0)
        {
            throw new InvalidOperationException("more is under way than the server's window allows");
        }

        FrameStart(Data, last ? EndStream : (byte)0, stream, length);
        var prefix = _out.GetSpan(5);
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], message.Length);
        _out.Advance(5);
        _out.Write(message);
    }

    private void Number(byte type, int stream, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        Frame(type, 0, stream, bytes);
    }

    private void Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        FrameStart(type, flags, stream, payload.Length);
        _out.Write(payload);
    }

    private void FrameStart(byte type, byte flags, int stream, int length)
    {
        var header = _out.GetSpan(FrameHeader);
        (header[0], header[1], header[2], header[3], header[4]) = ((byte)(length >> 16), (byte)(length >> 8), (byte)length, type, flags);
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
        _out.Advance(FrameHeader);
    }

    /// <summary>HPACK, literals without indexing over the static table's names.</summary>
    private static byte[] HeaderBlock(string method)
    {
        var block = new List<byte> { 0x83, 0x86, 0x04 };
        Text(method);
        block.Add(0x01);
        Text("localhost");
        block.AddRange([0x0f, 0x10]);
        Text("application/grpc");
        block.Add(0x00);
        Text("te");
        Text("trailers");
        return [.. block];

        void Text(string text)
        {
            block.Add((byte)text.Length);
            block.AddRange(Encoding.ASCII.GetBytes(text));
        }
    }
}
