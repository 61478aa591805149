namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// A file that is appended to and, before it gets larger than a size, renamed to FILE.1, what that was to FILE.2, and so on: no more than
/// so many files are kept. Created for its owner only. Whatever goes wrong, the next write opens it anew.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="size">How large it gets, in bytes. A single write that is larger has a file of its own.</param>
/// <param name="files">How many files are kept, this one included; at least 1.</param>
internal sealed class RotatingFile(string path, long size, int files) : IRecordSink
{
    private FileStream? _file;
    private long _length;

    public string Name => path;

    public void Write(ReadOnlySpan<byte> lines)
    {
        try
        {
            if (_file is not null && !File.Exists(path))
            {
                // Somebody moved it away, or deleted it.
                Close();
            }

            _file ??= Open();
            if (_length > 0 && _length + lines.Length > size)
            {
                Rotate();
            }

            RandomAccess.Write(_file.SafeFileHandle, lines, _length);
            _length += lines.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TakeBack();
            throw;
        }
        catch (ArgumentOutOfRangeException e)
        {
            // What .NET makes of EFBIG: the process may not write files of this size (LimitFSIZE), or the file system cannot.
            TakeBack();
            throw new IOException("the file may not get larger (a limit of the process or of the file system)", e);
        }
    }

    public void Dispose() => Close();

    private FileStream Open()
    {
        var file = new FileStream(
            path,
            new FileStreamOptions
            {
                BufferSize = 0,
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        try
        {
            _length = RandomAccess.GetLength(file.SafeFileHandle);
            Span<byte> last = stackalloc byte[1];
            if (_length > 0 && RandomAccess.Read(file.SafeFileHandle, last, _length - 1) == 1 && last[0] != '\n')
            {
                // Half a line of a process that was killed: what follows is not to be part of it.
                RandomAccess.Write(file.SafeFileHandle, "\n"u8, _length);
                _length++;
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Rotate()
    {
        Close();
        for (var i = files; File.Exists(At(i)); i++)
        {
            File.Delete(At(i));
        }

        for (var i = files - 1; i > 0; i--)
        {
            if (File.Exists(At(i - 1)))
            {
                File.Move(At(i - 1), At(i), overwrite: true);
            }
        }

        if (files == 1)
        {
            File.Delete(path);
        }

        _file = Open();
    }

    private string At(int age) => age == 0 ? path : $"{path}.{age}";

    /// <summary>Half of what could not be written whole is not to stay.</summary>
    private void TakeBack()
    {
        try
        {
            if (_file is not null && RandomAccess.GetLength(_file.SafeFileHandle) > _length)
            {
                RandomAccess.SetLength(_file.SafeFileHandle, _length);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Then the next open starts a new line.
            return;
        }
        finally
        {
            Close();
        }
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }
}
