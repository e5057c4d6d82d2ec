// Waits until no other process downloads the same blob.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>The lock file of a blob, held while it is downloaded.</summary>
/// <remarks>
/// Under Linux and macOS a file opened with <see cref="FileShare.None"/> is locked with flock(2), which is what the filelock package of Python uses
/// (<c>fcntl.flock</c>): each waits for the other. Under Windows filelock keeps the file open and locks its first byte; opening it here fails as long as it
/// is open there, and the other way round. The file stays after the download, as huggingface_hub leaves it. On a file system without flock nothing is
/// locked; two downloads then cost time, but the blob still gets its name only when it is whole.
/// </remarks>
internal static class HubLock
{
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMacOS = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    /// <summary>The lock; disposing it lets the next one in.</summary>
    /// <param name="path">The lock file, made where it is not there.</param>
    /// <param name="interval">How often to try.</param>
    /// <param name="waiting">Called once, before the first wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be made.</exception>
    internal static async Task<FileStream> TakeAsync(string path, TimeSpan interval, Action waiting, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (bool told = false; ; told = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.HResult is WouldBlockLinux or WouldBlockMacOS or SharingViolation)
            {
                if (!told)
                    waiting();
            }

            await Task.Delay(interval, cancellation);
        }
    }
}
