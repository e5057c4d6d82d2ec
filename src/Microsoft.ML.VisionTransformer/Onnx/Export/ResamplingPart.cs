// Resizing of images as ONNX computes it: geometry, kernels and weights.
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Images.Resampling;
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

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

/// <summary>One side of the images that an ONNX file resizes. Values of the graph, whole numbers without an axis.</summary>
/// <param name="Path">Start of the names of its nodes.</param>
/// <param name="Input">Pixels of the image that comes in.</param>
/// <param name="Resized">Pixels that it is resized to.</param>
/// <param name="Wanted">Pixels that the network takes: those in the middle.</param>
internal readonly record struct ImageSide(string Path, string Input, string Resized, int Wanted);

/// <summary>
/// The weights that resize one side of images, as ONNX computes them.
/// <see cref="ResamplingWeights"/> as arithmetic on the size of the image, in 64-bit numbers: a matrix [wanted, input] of whole numbers, 2^22 times the
/// weights. ONNX's own
/// Resize has other rules at the borders and for rounding.
/// </summary>
internal sealed class ResamplingPart
{
    private readonly GraphBuilder _graph;
    private readonly Arithmetic _do;
    private readonly ImageSide _side;
    private readonly string _position;

    internal ResamplingPart(GraphBuilder graph, ImageSide side)
    {
        (_graph, _side) = (graph, side);
        _do = new Arithmetic(graph, side.Path);
        _position = Positions();
    }

    /// <summary>The weights [wanted, input]; those of pixels outside of the resized image mean nothing.</summary>
    internal string Weights(ImageInterpolation kernel)
    {
        string input = _do.ToDouble(_side.Input), resized = _do.ToDouble(_side.Resized);
        string scale = _do.Divide(input, resized), shrink = _do.Apply("Max", scale, _do.Number(1));
        string support = _do.Multiply(_do.Number(ResamplingKernel.Radius(kernel)), shrink);

        // Pixels outside of the image get the weights of the nearest one inside, so that no sum is zero.
        string inside = _do.Apply("Min", _do.Apply("Max", _position, _do.Number(0)), _do.Subtract(resized, _do.Number(1)));
        string center = _do.Multiply(_do.Add(inside, _do.Number(0.5)), scale);
        string first = _do.Apply("Floor", _do.Apply("Max", _do.Add(_do.Subtract(center, support), _do.Number(0.5)), _do.Number(0)));
        string end = _do.Apply("Floor", _do.Apply("Min", _do.Add(_do.Add(center, support), _do.Number(0.5)), input));
        string distance = _do.Add(_do.Subtract(first, center), _do.Number(0.5));

        string pixels = _do.Apply("Range", _do.Number(0), input, _do.Number(1));
        string offsets = _do.Subtract(pixels, first);
        string taps = _do.Kernel(kernel, _do.Multiply(_do.Add(offsets, distance), _do.Divide(_do.Number(1), shrink)));
        string used = _do.Apply("And", _do.Apply("GreaterOrEqual", pixels, first), _do.Apply("Less", pixels, end));
        taps = _do.Apply("Where", used, taps, _do.Number(0));
        string sum = _graph.Node("ReduceSum", $"{_side.Path}/taps", [taps, _graph.Longs(1)], ("keepdims", 1));
        return Rounded(_do.Divide(taps, sum));
    }

    /// <summary>Which of the wanted pixels lie outside of the resized image: truth values [wanted, 1].</summary>
    internal string Outside()
    {
        string before = _do.Apply("Less", _position, _do.Number(0));
        return _do.Apply("Or", before, _do.Apply("GreaterOrEqual", _position, _do.ToDouble(_side.Resized)));
    }

    /// <summary>
    /// Where the wanted pixels lie in the resized image, [wanted, 1]: the middle of what is too long, halves rounded to even; of what is too short, all of
    /// it with the
    /// smaller part of the rest before it.
    /// </summary>
    private string Positions()
    {
        string rest = _do.ToDouble(_do.Subtract(_side.Resized, _do.Whole(_side.Wanted)));
        string half = _do.Divide(rest, _do.Number(2));
        string cut = _do.Apply("Round", half), padded = _do.Apply("Ceil", half);    // -floor of half of what is missing
        string start = _do.Apply("Where", _do.Apply("Greater", rest, _do.Number(0)), cut, padded);
        double[] indices = [.. Enumerable.Range(0, _side.Wanted).Select(i => (double)i)];
        string wanted = _graph.Table($"/constant/{_side.Path.Trim('/')}/pixels", OnnxType.Float64, [_side.Wanted, 1], indices);
        return _do.Add(wanted, start);
    }

    /// <summary>To multiples of 2^-22, halves away from zero.</summary>
    private string Rounded(string weights)
    {
        string scaled = _do.Multiply(_do.Apply("Abs", weights), _do.Number(1 << ResamplingWeights.FractionBits));
        return _do.Multiply(_do.Apply("Floor", _do.Add(scaled, _do.Number(0.5))), _do.Apply("Sign", weights));
    }
}

/// <summary>The resampling kernels as ONNX computes them. The formulas of <see cref="ResamplingKernel"/> on 64-bit numbers of any shape.</summary>
internal static class KernelPart
{
    private const double CubicA = -0.5;

    internal static string Kernel(this Arithmetic graph, ImageInterpolation kernel, string distance) => kernel switch
    {
        ImageInterpolation.Bilinear => graph.Apply("Max", graph.Subtract(graph.Number(1), graph.Apply("Abs", distance)), graph.Number(0)),
        ImageInterpolation.Bicubic => Cubic(graph, graph.Apply("Abs", distance)),
        _ => Lanczos(graph, distance),
    };

    private static string Cubic(Arithmetic graph, string x)
    {
        string near = graph.Subtract(graph.Multiply(graph.Number(CubicA + 2), x), graph.Number(CubicA + 3));
        near = graph.Add(graph.Multiply(graph.Multiply(near, x), x), graph.Number(1));
        string far = graph.Add(graph.Multiply(graph.Subtract(x, graph.Number(5)), x), graph.Number(8));
        far = graph.Multiply(graph.Subtract(graph.Multiply(far, x), graph.Number(4)), graph.Number(CubicA));
        string outer = graph.Apply("Where", graph.Apply("Less", x, graph.Number(2)), far, graph.Number(0));
        return graph.Apply("Where", graph.Apply("Less", x, graph.Number(1)), near, outer);
    }

    private static string Lanczos(Arithmetic graph, string x)
    {
        string product = graph.Multiply(Sinc(graph, x), Sinc(graph, graph.Divide(x, graph.Number(ResamplingKernel.Radius(ImageInterpolation.Lanczos)))));
        string inside = graph.Apply("Less", graph.Apply("Abs", x), graph.Number(ResamplingKernel.Radius(ImageInterpolation.Lanczos)));
        return graph.Apply("Where", inside, product, graph.Number(0));
    }

    private static string Sinc(Arithmetic graph, string x)
    {
        string isZero = graph.Apply("Equal", x, graph.Number(0));
        string angle = graph.Multiply(graph.Apply("Where", isZero, graph.Number(1), x), graph.Number(Math.PI));
        return graph.Apply("Where", isZero, graph.Number(1), graph.Divide(graph.Apply("Sin", angle), angle));
    }
}
