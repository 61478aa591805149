using Border0.PdSidecar.Fuzz.Inputs;

namespace Border0.PdSidecar.Fuzz.Running;

/// <summary>
/// Something that reads what others wrote. It is given one input after the other, on one thread, and throws when the product does what
/// it must not: whatever leaves <see cref="Run"/> is a finding.
/// </summary>
internal abstract class FuzzTarget : IAsyncDisposable
{
    /// <summary>What --target calls it.</summary>
    public abstract string Name { get; }

    /// <summary>What it looks at, in a line.</summary>
    public abstract string About { get; }

    /// <summary>Well-formed inputs, which the others are made from.</summary>
    public abstract IReadOnlyList<byte[]> Examples { get; }

    /// <summary>Pieces that mean something in this format.</summary>
    public virtual IReadOnlyList<byte[]> Words => [];

    /// <summary>The longest input in bytes; a rare one has this length.</summary>
    public virtual int Longest => 256 * 1024;

    /// <summary>Bytes that may be allocated for an input of a size.</summary>
    public virtual long AllocationBound(int size) => (4L << 20) + 256L * size;

    /// <summary>Bytes allocated so far, as this target counts them.</summary>
    public virtual long Allocated() => GC.GetAllocatedBytesForCurrentThread();

    /// <summary>Makes an input by itself rather than from examples; null for the mutations of bytes.</summary>
    public virtual byte[]? Generate(Random random, Mutator mutator) => null;

    /// <summary>Gives the product one input.</summary>
    public abstract void Run(byte[] input);

    /// <summary>How an input is shown to people.</summary>
    public virtual string Show(byte[] input) => InputText.Of(input);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return EndAsync();
    }

    /// <summary>Lets go of what it holds.</summary>
    protected virtual ValueTask EndAsync() => ValueTask.CompletedTask;
}
