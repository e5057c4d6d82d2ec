// A rectangle of pixels inside a picture.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>A rectangle in pixels; <paramref name="Left"/> and <paramref name="Top"/> are its first column and row.</summary>
internal readonly record struct PixelArea(int Left, int Top, int Width, int Height);
