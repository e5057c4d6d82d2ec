// A hash of the images of a data set, by which a run is recognized.
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// XXH128 of the whole content of every image, in the order of the rows. Files are read for it once: less than that is wrong for some data set (an edited photo may have the size, the time and
/// most bytes of the old one), and names are not part of it, so that a set may be moved.
/// </summary>
internal static class ImageHash
{
    /// <summary>Rows between two looks at whether the run was cancelled.</summary>
    private const int RowsAtATime = 256;

    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    internal static string Of(TrainingRow[] rows, Action checkAlive)
    {
        var all = new XxHash128();
        var hashes = new UInt128[Math.Min(RowsAtATime, rows.Length)];
        for (int start = 0; start < rows.Length; start += RowsAtATime)
        {
            checkAlive();
            int first = start, count = Math.Min(RowsAtATime, rows.Length - first);
            ParallelImages.For(count, i => hashes[i] = Of(rows[first + i].Image));
            all.Append(MemoryMarshal.AsBytes(hashes.AsSpan(0, count)));
        }

        return HashText.Of(all);
    }

    private static UInt128 Of(ImageSource image)
    {
        var hash = new XxHash128();
        image.AddTo(hash);
        return hash.GetCurrentHashAsUInt128();
    }
}

/// <summary>Hashes as text, longer than the values that messages show.</summary>
internal static class HashText
{
    internal static string Of(XxHash128 hash) => $"XXH128 {Convert.ToHexString(hash.GetCurrentHash())} of the content";
}
