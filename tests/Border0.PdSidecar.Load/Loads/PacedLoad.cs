using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace Border0.PdSidecar.Load.Loads;

/// <summary>
/// Unary calls in an open loop: a request every so often, whatever the answers do. A latency counts from when its request was due, so
/// that a stall of the server (or of this generator) is not hidden.
/// </summary>
/// <param name="endpoint">Where.</param>
/// <param name="method">The method.</param>
/// <param name="request">The bytes of request number n.</param>
/// <param name="begins">How an answer that counts begins.</param>
/// <param name="perSecond">Requests per second.</param>
internal sealed class PacedLoad(EndPoint endpoint, string method, Func<long, byte[]> request, byte[] begins, int perSecond) : LoadThread(endpoint, method)
{
    private const int Slots = 1 << 16;
    private readonly long[] _due = new long[Slots];
    private Thread? _sender;
    private long _sent;
    private long _ended;
    private volatile bool _done;

    public override void Start()
    {
        _sender = new Thread(Send) { IsBackground = true };
        base.Start();
        _sender.Start();
    }

    public override void OnData(int stream, ReadOnlySpan<byte> payload)
    {
        if (!payload[5..].StartsWith(begins))
        {
            throw new InvalidDataException("an answer is not an allow: " + Convert.ToHexString(payload));
        }
    }

    public override void OnEnd(int stream)
    {
        _ended++;
        Answered(1, Stopwatch.GetTimestamp() - Volatile.Read(ref _due[(stream >> 1) % Slots]));
    }

    protected override void Run()
    {
        while (!_done || _ended < Volatile.Read(ref _sent))
        {
            Connection.Read(this);
        }
    }

    private void Send()
    {
        // A thread's sleep may end 50 µs late otherwise.
        const int SetTimerSlack = 29;
        _ = Prctl(SetTimerSlack, 1, 0, 0, 0);
        var begin = Stopwatch.GetTimestamp();
        var step = (double)Stopwatch.Frequency / perSecond;
        while (!Stopping)
        {
            var due = begin + (long)(_sent * step);
            for (var left = due - Stopwatch.GetTimestamp(); left > 0; left = due - Stopwatch.GetTimestamp())
            {
                var wait = new TimeSpec(0, (nint)(left * (1_000_000_000 / Stopwatch.Frequency)));
                _ = NanoSleep(in wait, IntPtr.Zero);
            }

            Ask(due);
        }

        // One more, whose answer lets the reader see that it was the last.
        _done = true;
        Ask(Stopwatch.GetTimestamp());
    }

    private void Ask(long due)
    {
        var number = _sent;
        _due[number % Slots] = due;
        Volatile.Write(ref _sent, number + 1);
        Connection.Start(request(number), last: true);
        Connection.Flush();
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NanoSleep(in TimeSpec time, IntPtr remaining);

    [DllImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);
}
