using System.Numerics;

namespace Border0.PdSidecar.Telemetry;

/// <summary>
/// Numbers that many threads add to at once and somebody reads now and then: each processor has a row of its own, in cache lines of its own.
/// Adding takes no lock and allocates nothing; what is read are sums that grow while they are read.
/// </summary>
internal sealed class StripedCells
{
    /// <summary>Two cache lines, in longs: processors fetch them in pairs.</summary>
    private const int Apart = 16;

    private static readonly int Rows = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(Environment.ProcessorCount, 1, 64));

    private readonly int _stride;
    private readonly long[] _cells;

    public StripedCells(int count)
    {
        _stride = (count + Apart + Apart - 1) / Apart * Apart;
        _cells = new long[(Rows * _stride) + Apart];
    }

    /// <summary>Adds to a cell.</summary>
    public void Add(int cell, long value) =>
        Interlocked.Add(ref _cells[Apart + ((Thread.GetCurrentProcessorId() & (Rows - 1)) * _stride) + cell], value);

    /// <summary>A cell's sum.</summary>
    public long Read(int cell)
    {
        var sum = 0L;
        for (var row = 0; row < Rows; row++)
        {
            sum += Volatile.Read(ref _cells[Apart + (row * _stride) + cell]);
        }

        return sum;
    }
}
