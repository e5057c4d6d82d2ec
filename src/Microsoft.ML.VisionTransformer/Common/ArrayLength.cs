// How long an array of rows may be: products of counts are made here, so that none wraps around.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Common;

internal static class ArrayLength
{
    /// <summary>The length of an array of <paramref name="rows"/> rows of <paramref name="width"/> values.</summary>
    /// <param name="rows">Rows, at least 0.</param>
    /// <param name="width">Values of a row, at least 0.</param>
    /// <param name="what">What the array holds, for the message.</param>
    /// <param name="advice">What to do, for the message; without a full stop.</param>
    /// <exception cref="NotSupportedException">No array is that long.</exception>
    internal static int Of(long rows, long width, string what, string advice)
    {
        var length = (Int128)rows * width;
        return length <= Array.MaxLength ? (int)length : throw new NotSupportedException(string.Create(
            CultureInfo.InvariantCulture,
            $"{rows} rows of {width} values ({what}) do not fit into one array, which has at most {Array.MaxLength} values. {advice}."));
    }
}
