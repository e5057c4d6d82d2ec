// The geometry of the evaluation transform as ONNX computes it.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary><see cref="ResizePlan"/> as arithmetic on the sizes of the image that comes in.</summary>
internal sealed class ResizePart(GraphBuilder graph, ImagePreprocessing settings)
{
    private readonly Arithmetic _do = new(graph, "/preprocess/size");
    private readonly ResizePlan _plan = new(settings);

    /// <summary>Rows and columns of an image of that many: whole numbers without an axis.</summary>
    internal (ImageSide Rows, ImageSide Columns) Sides(string height, string width)
    {
        var (resizedHeight, resizedWidth) = Resized(height, width);
        return (
            new ImageSide("/preprocess/rows", height, resizedHeight, settings.Size.Height),
            new ImageSide("/preprocess/columns", width, resizedWidth, settings.Size.Width));
    }

    private (string Height, string Width) Resized(string height, string width)
    {
        var scaled = _plan.Scaled;
        if (settings.Resizing == ImageResizing.Squash)
            return (_do.Whole(scaled.Height), _do.Whole(scaled.Width));
        if (settings.Resizing == ImageResizing.CenterCrop && _plan.IsSquare)
        {
            string side = _do.Whole(scaled.Height), shorter = _do.Apply("Min", height, width);
            return (_do.Divide(_do.Multiply(side, height), shorter), _do.Divide(_do.Multiply(side, width), shorter));
        }

        string byHeight = _do.Divide(_do.ToDouble(height), _do.Number(scaled.Height)), byWidth = _do.Divide(_do.ToDouble(width), _do.Number(scaled.Width));
        string ratio = _do.Apply(settings.Resizing == ImageResizing.Pad ? "Max" : "Min", byHeight, byWidth);
        return (Scaled(height, ratio), Scaled(width, ratio));
    }

    private string Scaled(string side, string ratio) =>
        _do.ToLong(_do.Apply("Max", _do.Apply("Round", _do.Divide(_do.ToDouble(side), ratio)), _do.Number(1)));
}
