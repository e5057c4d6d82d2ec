// A disk of a few megabytes that can be full or read-only.
using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>A file system in memory; removed when it is disposed.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Creates the disk. The test calls <see cref="Require"/> first.</summary>
    internal SmallDisk(int kilobytes) => Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={kilobytes}k"), "tmpfs", Path);

    internal string Path => _folder.Path;

    /// <summary>Skips the test if nothing can be mounted.</summary>
    internal static void Require()
    {
        Requires.If(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && CanMount(), "Linux and root, to mount a small disk");
    }

    /// <summary>Fills the remaining space.</summary>
    internal void Fill()
    {
        using var stream = new FileStream(System.IO.Path.Combine(Path, "filler"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
                stream.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // Full, as intended.
        }
    }

    internal void MakeReadOnly() => Run("mount", "-o", "remount,ro", Path);

    public void Dispose()
    {
        Run("umount", Path);
        _folder.Dispose();
    }

    /// <summary>Containers may deny root the permission to mount.</summary>
    private static bool CanMount()
    {
        using var process = Process.Start(new ProcessStartInfo("unshare", ["-m", "true"]) { RedirectStandardError = true });
        process!.WaitForExit();
        return process.ExitCode == 0;
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, $"{program} {string.Join(' ', arguments)}: {error}");
    }
}
