// Where an image comes from, for messages.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>A cell of a data view. It becomes text only when a message needs it: a large data set has millions of them.</summary>
internal readonly record struct ImagePlace(long Row, string Column)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"the image in row {Row} of column '{Column}'");
}
