// Fills ML.NET's vector buffers.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Transformers;

internal static class VectorValues
{
    /// <summary>Copies the values, reusing the buffer's memory where it is large enough.</summary>
    internal static void CopyInto<T>(this T[] values, ref VBuffer<T> target) => CopyInto((ReadOnlySpan<T>)values, ref target);

    /// <summary>Copies the values, reusing the buffer's memory where it is large enough.</summary>
    internal static void CopyInto<T>(ReadOnlySpan<T> values, ref VBuffer<T> target)
    {
        var editor = VBufferEditor.Create(ref target, values.Length);
        values.CopyTo(editor.Values);
        target = editor.Commit();
    }
}
