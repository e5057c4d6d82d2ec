// Gathers the images of a data view into batches of network input, in order.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Network input of consecutive rows: [Count, channels, height, width].</summary>
internal sealed record ImageBatch(float[] Inputs, int Count);

internal static class ImageBatches
{
    /// <summary>Reads a cursor to its end; images of a batch are decoded in parallel.</summary>
    /// <param name="cursor">Cursor with the image column active; used on the enumerating thread alone.</param>
    /// <param name="column">The image column.</param>
    /// <param name="converter">How pictures become input.</param>
    /// <param name="size">Rows of a batch; the last may be smaller.</param>
    internal static IEnumerable<ImageBatch> Read(DataViewRowCursor cursor, ImageColumn column, ImageToInput converter, int size)
    {
        var read = column.Open(cursor);
        var sources = new List<ImageSource>(size);
        while (cursor.MoveNext())
        {
            sources.Add(read());
            if (sources.Count == size)
            {
                yield return Convert(sources, converter);
                sources.Clear();
            }
        }

        if (sources.Count > 0)
            yield return Convert(sources, converter);
    }

    private static ImageBatch Convert(List<ImageSource> sources, ImageToInput converter)
    {
        float[] inputs = new float[sources.Count * converter.Length];
        ParallelImages.For(sources.Count, i => sources[i].Fill(converter, null, inputs.AsSpan(i * converter.Length, converter.Length)));
        return new ImageBatch(inputs, sources.Count);
    }
}
