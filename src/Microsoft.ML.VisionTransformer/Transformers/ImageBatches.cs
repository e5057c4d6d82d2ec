// Gathers the images of a data view into batches of network input, in order.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Network input of consecutive rows: [Count, channels, height, width].</summary>
/// <param name="Inputs">The numbers; those of an invalid image mean nothing.</param>
/// <param name="Invalid">One entry a row: whether its image could not be read.</param>
internal sealed record ImageBatch(float[] Inputs, bool[] Invalid)
{
    internal int Count => Invalid.Length;
}

internal static class ImageBatches
{
    /// <summary>Reads a cursor to its end; images of a batch are decoded in parallel.</summary>
    /// <param name="cursor">Cursor with the image column active; used on the enumerating thread alone.</param>
    /// <param name="column">The image column.</param>
    /// <param name="converter">How pictures become input.</param>
    /// <param name="onInvalid">What becomes of images that cannot be read.</param>
    /// <param name="size">Rows of a batch; the last may be smaller.</param>
    internal static IEnumerable<ImageBatch> Read(
        DataViewRowCursor cursor, ImageColumn column, ImagePreprocessor converter, InvalidImageHandling onInvalid, int size)
    {
        var read = column.Open(cursor);
        var sources = new List<ImageSource>(size);
        while (cursor.MoveNext())
        {
            sources.Add(read());
            if (sources.Count == size)
            {
                yield return Convert(sources, converter, onInvalid);
                sources.Clear();
            }
        }

        if (sources.Count > 0)
            yield return Convert(sources, converter, onInvalid);
    }

    /// <summary>Writes one input; false where the image cannot be read and that is no error.</summary>
    /// <exception cref="InvalidImageException">The image cannot be read, and that is an error.</exception>
    internal static bool TryFill(ImageSource source, ImagePreprocessor converter, InvalidImageHandling onInvalid, Span<float> chw)
    {
        try
        {
            source.Fill(converter, null, chw);
            return true;
        }
        catch (InvalidImageException) when (onInvalid == InvalidImageHandling.Missing)
        {
            return false;
        }
    }

    private static ImageBatch Convert(List<ImageSource> sources, ImagePreprocessor converter, InvalidImageHandling onInvalid)
    {
        bool[] invalid = new bool[sources.Count];
        float[] inputs = InputBatch.Prepare(
            sources.Count, converter, (i, chw) => invalid[i] = !TryFill(sources[i], converter, onInvalid, chw), "Lower ScoringBatchSize");
        return new ImageBatch(inputs, invalid);
    }
}
