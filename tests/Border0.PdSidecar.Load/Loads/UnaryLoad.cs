using System.Diagnostics;
using System.Net;

namespace Border0.PdSidecar.Load.Loads;

/// <summary>Unary calls in a closed loop: each answer makes room for the next request.</summary>
/// <param name="endpoint">Where.</param>
/// <param name="method">The method.</param>
/// <param name="request">The bytes of request number n; null for no more.</param>
/// <param name="begins">How an answer that counts begins.</param>
/// <param name="inFlight">How many are under way at a time.</param>
internal sealed class UnaryLoad(EndPoint endpoint, string method, Func<long, byte[]?> request, byte[] begins, int inFlight) : LoadThread(endpoint, method)
{
    private const int Slots = 1024;
    private readonly long[] _begun = new long[Slots];
    private readonly bool[] _answered = new bool[Slots];
    private long _next;
    private int _underWay;
    private int _ended;

    public override void OnData(int stream, ReadOnlySpan<byte> payload)
    {
        // A small answer comes in one frame, behind the five bytes of its prefix.
        if (!payload[5..].StartsWith(begins))
        {
            throw new InvalidDataException("an answer is not an allow: " + Convert.ToHexString(payload));
        }

        _answered[Slot(stream)] = true;
    }

    public override void OnEnd(int stream)
    {
        var slot = Slot(stream);
        if (!_answered[slot])
        {
            throw new InvalidDataException("a call ended without an answer");
        }

        _answered[slot] = false;
        _underWay--;
        _ended++;
        Answered(1, Stopwatch.GetTimestamp() - _begun[slot]);
    }

    protected override void Run()
    {
        Ask(inFlight);
        while (_underWay > 0)
        {
            _ended = 0;
            Connection.Read(this);
            if (!Stopping)
            {
                Ask(_ended);
            }
        }
    }

    private static int Slot(int stream) => (stream >> 1) % Slots;

    private void Ask(int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            if (request(_next++) is not { } bytes)
            {
                break;
            }

            var stream = Connection.Start(bytes, last: true);
            _begun[Slot(stream)] = Stopwatch.GetTimestamp();
            _underWay++;
        }

        if (requests > 0)
        {
            Connection.Flush();
        }
    }
}
