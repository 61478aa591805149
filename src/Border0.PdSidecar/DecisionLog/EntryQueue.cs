using System.Runtime.InteropServices;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// A bounded queue in memory that is used again. Any thread adds, one at a time takes; neither waits or locks.
/// </summary>
/// <remarks>
/// Each slot says whose turn it is: position p may be added to a slot whose turn is p, and taken when its turn is p + 1. (The bounded
/// queue of Dmitry Vyukov, with one consumer.)
/// </remarks>
internal sealed class EntryQueue
{
    /// <summary>Room that nearly every line fits into.</summary>
    private const int UsualLine = 640;

    /// <summary>A line longer than this is rare, and its room is let go of.</summary>
    private const int LongestKept = 2048;

    private readonly Slot[] _slots;
    private readonly int _mask;
    private Positions _positions;

    /// <summary>Allocates a queue.</summary>
    /// <param name="capacity">How many entries it holds: a power of two.</param>
    public EntryQueue(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(System.Numerics.BitOperations.IsPow2(capacity), true);
        (_slots, _mask) = (new Slot[capacity], capacity - 1);
        for (var i = 0; i < capacity; i++)
        {
            _slots[i].Turn = i;
        }
    }

    /// <summary>How many entries it holds at most.</summary>
    public int Capacity => _slots.Length;

    /// <summary>How many entries have been taken.</summary>
    public long Taken => Volatile.Read(ref _positions.Head);

    /// <summary>How many entries have been added.</summary>
    public long Added => Volatile.Read(ref _positions.Tail);

    /// <summary>Adds an entry; false when there is no room.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="line">Its line, copied; empty where it is made of the entry later.</param>
    /// <param name="position">How many were added before it, or before the attempt that found no room.</param>
    public bool TryAdd(in LogEntry entry, ReadOnlySpan<byte> line, out long position)
    {
        position = Volatile.Read(ref _positions.Tail);
        while (true)
        {
            ref var slot = ref _slots[(int)position & _mask];
            var ahead = Volatile.Read(ref slot.Turn) - position;
            if (ahead < 0)
            {
                return false;
            }

            var seen = ahead > 0 ? Volatile.Read(ref _positions.Tail) : Interlocked.CompareExchange(ref _positions.Tail, position + 1, position);
            if (ahead == 0 && seen == position)
            {
                slot.Entry = entry;
                slot.Length = line.Length;
                if (!line.IsEmpty)
                {
                    if (slot.Line is null || slot.Line.Length < line.Length)
                    {
                        slot.Line = new byte[Math.Max(line.Length, UsualLine)];
                    }

                    line.CopyTo(slot.Line);
                }

                Volatile.Write(ref slot.Turn, position + 1);
                return true;
            }

            position = seen;
        }
    }

    /// <summary>Takes the oldest entry; false when there is none, or it is not completely there yet.</summary>
    /// <param name="lines">Is given its line, where that is made already.</param>
    /// <param name="entry">The entry.</param>
    public bool TryTake(LineBuffer lines, out LogEntry entry)
    {
        var position = _positions.Head;
        ref var slot = ref _slots[(int)position & _mask];
        if (Volatile.Read(ref slot.Turn) != position + 1)
        {
            entry = default;
            return false;
        }

        entry = slot.Entry;
        slot.Entry = default;
        if (slot.Length > 0)
        {
            lines.Add(slot.Line.AsSpan(0, slot.Length));
            if (slot.Line!.Length > LongestKept)
            {
                slot.Line = null;
            }
        }

        Volatile.Write(ref slot.Turn, position + _slots.Length);
        Volatile.Write(ref _positions.Head, position + 1);
        return true;
    }

    private struct Slot
    {
        public long Turn;
        public LogEntry Entry;
        public byte[]? Line;
        public int Length;
    }

    /// <summary>Each on cache lines of its own: one is written by every caller, the other by the writer.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Positions
    {
        [FieldOffset(128)]
        public long Tail;

        [FieldOffset(256)]
        public long Head;
    }
}
