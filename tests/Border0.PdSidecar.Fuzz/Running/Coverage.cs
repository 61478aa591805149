using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Border0.PdSidecar.Fuzz.Running;

/// <summary>
/// Which branches an input took. eng/fuzz has SharpFuzz's tool put counters into the product's assemblies: they count here, and an input
/// that counts where none did before is worth changing further. Without the counters every input is as good as another.
/// </summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;
    private readonly byte* _counts = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly byte[] _seen = new byte[Size];

    private Coverage() => Trace.SharedMem = _counts;

    /// <summary>The process has one.</summary>
    public static Coverage Instance { get; } = new();

    /// <summary>Whether there are counters.</summary>
    public bool IsThere { get; private set; }

    /// <summary>Forgets the counts of the input before.</summary>
    public void Begin()
    {
        new Span<byte>(_counts, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the input took a branch that none before took, or took one much more often.</summary>
    public bool IsNew()
    {
        var isNew = false;
        var words = new ReadOnlySpan<ulong>(_counts, Size / sizeof(ulong));
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] == 0)
            {
                continue;
            }

            IsThere = true;
            for (var at = i * sizeof(ulong); at < (i + 1) * sizeof(ulong); at++)
            {
                var often = Often(_counts[at]);
                if ((_seen[at] | often) != _seen[at])
                {
                    _seen[at] |= often;
                    isNew = true;
                }
            }
        }

        return isNew;
    }

    /// <summary>One bit for each of 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more.</summary>
    private static byte Often(byte count) => count switch
    {
        0 => 0,
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
