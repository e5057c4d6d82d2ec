// The bytes of one image in the file of an image store.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>An entry of the file's index.</summary>
/// <param name="File">The file.</param>
/// <param name="Offset">Where the bytes begin.</param>
/// <param name="Length">How many there are.</param>
/// <param name="Place">The image they are of.</param>
internal readonly record struct StoredBytes(ScratchFile File, long Offset, int Length, ImagePlace Place)
{
    /// <summary>Reads them, on any thread.</summary>
    /// <exception cref="IOException">The disk does not give them back.</exception>
    internal byte[] Read()
    {
        byte[] content = GC.AllocateUninitializedArray<byte>(Length);
        Read(content);
        return content;
    }

    /// <summary>Reads them into <paramref name="target"/>, which has their length.</summary>
    /// <exception cref="IOException">The disk does not give them back.</exception>
    internal void Read(Span<byte> target)
    {
        try
        {
            File.Read(Offset, target);
        }
        catch (IOException e)
        {
            throw new IOException(
                string.Create(CultureInfo.InvariantCulture, $"{Place} cannot be read back from the temporary file in {File.Folder} ({Length} bytes at {Offset}): {e.Message.TrimEnd('.')}. Check that drive, or set WorkspacePath to a folder on another one."),
                e);
        }
    }
}
