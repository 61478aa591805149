using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Border0.PdSidecar.Abuse.Wire;

/// <summary>An HTTP/2 connection that sends whatever frames it is told to, and counts what comes back.</summary>
internal sealed class RawHttp2 : IDisposable
{
    public const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8, Continuation = 9;
    public const byte EndStream = 1, EndHeaders = 4;
    private static readonly string[] Errors = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"];
    private readonly Socket _socket;
    private readonly Seen _seen;
    private readonly bool _reads;
    private Task _reading = Task.CompletedTask;

    private RawHttp2(Socket socket, Seen seen, bool reads) => (_socket, _seen, _reads) = (socket, seen, reads);

    /// <summary>Connects and says hello.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="seen">Counts what comes back.</param>
    /// <param name="window">How much the server may send on a stream before it is told that there is room for more.</param>
    /// <param name="reads">Whether anything is read at all.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<RawHttp2> ConnectAsync(IPEndPoint endpoint, Seen seen, int window, bool reads, CancellationToken cancellation)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endpoint, cancellation);
        var connection = new RawHttp2(socket, seen, reads);
        await connection.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), cancellation);

        // No dynamic table (1), so that a status can be read off the bytes; the window of a stream (4).
        byte[] settings = [0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(settings.AsSpan(8), window);
        await connection.SendAsync(Frame(Settings, 0, 0, settings), cancellation);
        connection._reading = connection.ReadAsync(cancellation);
        return connection;
    }

    /// <summary>A frame's bytes.</summary>
    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[0], frame[1], frame[2], frame[3], frame[4]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>The headers of a call of a method, in HPACK without any compression.</summary>
    public static byte[] Call(string method)
    {
        List<byte> block = [0x83, 0x86, 0x04, (byte)method.Length, .. Encoding.ASCII.GetBytes(method), 0x01, 9, .. "localhost"u8, 0x0f, 0x10, 16, .. "application/grpc"u8, 0x00, 2, .. "te"u8, 8, .. "trailers"u8];
        return [.. block];
    }

    /// <summary>A message's prefix that promises so many bytes, and the first of them.</summary>
    public static byte[] Message(int promised, int sent)
    {
        var message = new byte[5 + sent];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), promised);
        return message;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await _socket.SendAsync(bytes, cancellation)..];
        }
    }

    /// <summary>
    /// Until the server has ended it and everything that it said before has been counted. A write fails as soon as the server's
    /// reset has come, which may be before what lies in the receive buffer has been read.
    /// </summary>
    public Task EndedAsync() => _reading;

    public void Dispose() => _socket.Dispose();

    private async Task ReadAsync(CancellationToken cancellation)
    {
        var (buffer, length) = (new byte[1 << 16], 0);
        try
        {
            while (_reads)
            {
                var read = await _socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
                if (read == 0)
                {
                    _seen.Add("closed");
                    return;
                }

                length += read;
                var begin = 0;
                for (int size; length - begin >= 9 && length - begin >= 9 + (size = (buffer[begin] << 16) | (buffer[begin + 1] << 8) | buffer[begin + 2]); begin += 9 + size)
                {
                    Take(buffer[begin + 3], buffer[begin + 4], buffer.AsSpan(begin + 9, size));
                }

                buffer.AsSpan(begin, length - begin).CopyTo(buffer);
                length -= begin;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            if (e is SocketException)
            {
                _seen.Add("closed");
            }
        }
    }

    private void Take(byte type, byte flags, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case GoAway:
                _seen.Add("GOAWAY " + Error(payload[4..]));
                break;
            case Reset:
                _seen.Add("RST_STREAM " + Error(payload));
                break;
            case Ping when (flags & 1) != 0:
                _seen.Add("PING answered");
                break;
            case Headers when payload.IndexOf("grpc-status"u8) is var at and >= 0:
                var value = payload.Slice(at + 12, payload[at + 11] & 0x7f);
                _seen.Add("grpc-status " + ((payload[at + 11] & 0x80) == 0 ? Encoding.ASCII.GetString(value) : Convert.ToHexString(value)));
                break;
        }
    }

    private static string Error(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadInt32BigEndian(payload) is var code && code < Errors.Length ? Errors[code] : $"{code}";
}
