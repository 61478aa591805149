using System.Text;
using Border0.PdSidecar.Fuzz.Inputs;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Secrets;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>The file of the encryption keys, and sealed secrets. The first byte of an input says which.</summary>
internal sealed class SecretsTarget : FuzzTarget
{
    private const string BelongsTo = "integration default/pd";
    private readonly ScratchFolder _folder = new();
    private readonly SecretBox _box;
    private readonly byte[] _secret = "the API key"u8.ToArray();
    private readonly byte[] _sealed;

    public SecretsTarget()
    {
        var keys = KeyRing.Open(_folder.File("keys"));
        _box = new SecretBox(keys);
        _sealed = _box.Seal(_secret, BelongsTo);
        Examples = [[1, .. _sealed], [1], [0, .. File.ReadAllBytes(keys.Path)], [0, .. Encoding.ASCII.GetBytes($"# keys\n\nold {Convert.ToBase64String(new byte[32])}\nnew  {Convert.ToBase64String(new byte[32])}\r\n")]];
    }

    public override string Name => "secrets";

    public override string About => "the key file and sealed secrets";

    public override int Longest => 16 * 1024;

    public override IReadOnlyList<byte[]> Examples { get; }

    public override string Show(byte[] input) => InputText.Of(input);

    public override void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        try
        {
            if (input[0] % 2 == 1)
            {
                var opened = _box.Open(input.AsSpan(1), BelongsTo);
                FuzzFinding.Unless(input.AsSpan(1).SequenceEqual(_sealed) && opened.AsSpan().SequenceEqual(_secret), "a secret opens that was not sealed so");
            }
            else
            {
                var file = _folder.File("other");
                File.WriteAllBytes(file, input[1..]);
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                var ring = KeyRing.Open(file);
                var box = new SecretBox(ring);
                FuzzFinding.Unless(box.Open(box.Seal(_secret, BelongsTo), BelongsTo).AsSpan().SequenceEqual(_secret), "what these keys seal they do not open");
            }
        }
        catch (StorageUnusableException e)
        {
            FuzzFinding.Unless(
                e.Message.Contains(BelongsTo, StringComparison.Ordinal) || e.Message.Contains(_folder.File(), StringComparison.Ordinal), $"the refusal does not say what of: {e.Message}");
        }
    }

    protected override ValueTask EndAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
