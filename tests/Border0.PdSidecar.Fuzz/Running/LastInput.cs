using System.IO.MemoryMappedFiles;

namespace Border0.PdSidecar.Fuzz.Running;

/// <summary>The input that is under way, in a file that outlives the process: nothing can catch a stack that overflows.</summary>
internal sealed class LastInput : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long _room;

    public LastInput(string path, int longest)
    {
        _room = longest;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, sizeof(int) + _room);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>Reads what such a file holds.</summary>
    public static byte[] Read(string path)
    {
        using var file = new BinaryReader(File.OpenRead(path));
        return file.ReadBytes(file.ReadInt32());
    }

    /// <summary>Keeps an input in the place of the one before.</summary>
    public void Keep(byte[] input)
    {
        var length = (int)Math.Min(_room, input.Length);
        _view.Write(0, length);
        _view.WriteArray(sizeof(int), input, 0, length);
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
