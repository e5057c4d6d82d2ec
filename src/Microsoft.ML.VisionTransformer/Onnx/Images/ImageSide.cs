// One side of the images that an ONNX file resizes.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>Values of the graph, whole numbers without an axis.</summary>
/// <param name="Path">Start of the names of its nodes.</param>
/// <param name="Input">Pixels of the image that comes in.</param>
/// <param name="Resized">Pixels that it is resized to.</param>
/// <param name="Wanted">Pixels that the network takes: those in the middle.</param>
internal readonly record struct ImageSide(string Path, string Input, string Resized, int Wanted);
