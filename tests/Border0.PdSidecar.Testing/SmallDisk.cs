using System.Diagnostics;

namespace Border0.PdSidecar.Testing;

/// <summary>
/// A data directory on a disk that can be filled and emptied: a small file system of its own where the tests may mount one, else a limit
/// on the size of the files that the process under test writes, to which everything looks much the same.
/// </summary>
public sealed class SmallDisk : IDisposable
{
    private readonly string _folder;
    private readonly bool _isMounted;

    public SmallDisk(string folder, int kibibytes = 8 * 1024)
    {
        _folder = folder;
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _isMounted = Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k,mode=0700", "tmpfs", folder);
    }

    private string Filler => Path.Combine(_folder, "filler");

    /// <summary>From now on nothing more fits.</summary>
    public void Fill(int process)
    {
        if (!_isMounted)
        {
            Limit(process, "4096");
            return;
        }

        using var filler = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(block);
            }
        }
        catch (IOException)
        {
            // Full: that was the point.
            return;
        }
    }

    /// <summary>There is room again.</summary>
    public void MakeRoom(int process)
    {
        if (_isMounted)
        {
            File.Delete(Filler);
        }
        else
        {
            Limit(process, "unlimited");
        }
    }

    /// <summary>Nothing can be written on it any more; to be done while no process has a file open there. False: not possible here.</summary>
    public bool TryMakeReadOnly()
    {
        if (_isMounted)
        {
            return Run("mount", "-o", "remount,ro", _folder);
        }

        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return Environment.UserName != "root";
    }

    /// <summary>It can be written to again.</summary>
    public void MakeWritable()
    {
        if (!_isMounted)
        {
            File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        else if (!Run("mount", "-o", "remount,rw", _folder))
        {
            throw new InvalidOperationException("the file system cannot be made writable again");
        }
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            Run("umount", "-l", _folder);
        }
    }

    private static void Limit(int process, string size)
    {
        if (!Run("prlimit", "--pid", process.ToString(), $"--fsize={size}:unlimited"))
        {
            throw new InvalidOperationException("neither a file system can be mounted here nor a limit be set (prlimit of util-linux)");
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var run = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            run.WaitForExit();
            return run.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
