namespace Border0.PdSidecar.Fuzz.Running;

/// <summary>An input that the product fails at.</summary>
/// <param name="Target">Which target.</param>
/// <param name="Seed">The seed of the run.</param>
/// <param name="Number">Which input of the run, from 1; 0 for one that was given.</param>
/// <param name="Input">The smallest input that was found to fail in the same way.</param>
/// <param name="What">How it fails.</param>
/// <param name="Shown">The input as text.</param>
internal sealed record Finding(string Target, int Seed, long Number, byte[] Input, string What, string Shown)
{
    public override string ToString() =>
        $"""
        {Target}: input {Number} of seed {Seed} fails: {What}
        Shrunk to {Input.Length} bytes: {Shown}
        In base 64: {Convert.ToBase64String(Input.AsSpan(0, Math.Min(Input.Length, 4096)))}{(Input.Length > 4096 ? "…" : "")}
        """;
}
