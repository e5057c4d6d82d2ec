// An image with its class, as data for ML.NET.
namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

/// <summary>A row. <see cref="Image"/> is the path; the column's name is that of the model's.</summary>
internal sealed class LabeledImage
{
    internal const string ImageColumn = "Image", LabelColumn = "Label";

    public string Image { get; set; } = "";

    public string Label { get; set; } = "";
}
