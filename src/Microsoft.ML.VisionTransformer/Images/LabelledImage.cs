// An image file and its class.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Full path of an image and the name of the class folder it lies in.</summary>
internal readonly record struct LabelledImage(string Path, string Label);
