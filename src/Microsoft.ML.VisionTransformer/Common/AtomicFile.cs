// Writes a file whole or not at all.
namespace Microsoft.ML.VisionTransformer.Common;

internal static class AtomicFile
{
    /// <summary>Writes beside the path and renames: what was there before stays until the new file is complete and on disk.</summary>
    /// <exception cref="IOException">The folder cannot be written to; the old file is unchanged.</exception>
    internal static void Write(string path, Action<Stream> write)
    {
        string beside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);    // before the rename, or a power cut could leave the new name without its data
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }
}
