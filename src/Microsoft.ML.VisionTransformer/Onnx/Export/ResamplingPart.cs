// Emits image resizing as ONNX nodes: geometry, kernels and weights.
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Images.Resampling;
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary><see cref="ResizePlan"/> as graph arithmetic on the size of the input image.</summary>
internal sealed class ResizePart(GraphBuilder graph, ImagePreprocessing settings)
{
    private readonly Arithmetic _math = new(graph, "/preprocess/size");
    private readonly ResizePlan _plan = new(settings);

    /// <summary>Rows and columns of an image of that height and width, which are integer scalars of the graph.</summary>
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
            return (_math.Integer(scaled.Height), _math.Integer(scaled.Width));
        if (settings.Resizing == ImageResizing.CenterCrop && _plan.IsSquare)
        {
            string side = _math.Integer(scaled.Height), shorter = _math.Apply("Min", height, width);
            return (_math.Divide(_math.Multiply(side, height), shorter), _math.Divide(_math.Multiply(side, width), shorter));
        }

        string byHeight = _math.Divide(_math.ToDouble(height), _math.Constant(scaled.Height));
        string byWidth = _math.Divide(_math.ToDouble(width), _math.Constant(scaled.Width));
        string ratio = _math.Apply(settings.Resizing == ImageResizing.Pad ? "Max" : "Min", byHeight, byWidth);
        return (Scaled(height, ratio), Scaled(width, ratio));
    }

    private string Scaled(string side, string ratio) =>
        _math.ToLong(_math.Apply("Max", _math.Apply("Round", _math.Divide(_math.ToDouble(side), ratio)), _math.Constant(1)));
}

/// <summary>One side of the images that an ONNX file resizes. The values are integer scalars of the graph.</summary>
/// <param name="Path">Prefix of the names of its nodes.</param>
/// <param name="Input">Pixels of the input image.</param>
/// <param name="Resized">Pixels after resizing.</param>
/// <param name="Output">Pixels of the network's input: the center of the resized image.</param>
internal readonly record struct ImageSide(string Path, string Input, string Resized, int Output);

/// <summary>
/// The weights that resize one side of an image: <see cref="ResamplingWeights"/> as graph arithmetic on the size of the image, in float64. The result is a
/// matrix [output, input] of integers, 2^22 times the weights. ONNX's own Resize operator has different rules at the borders and for rounding.
/// </summary>
internal sealed class ResamplingPart
{
    private readonly GraphBuilder _graph;
    private readonly Arithmetic _math;
    private readonly ImageSide _side;
    private readonly string _position;

    internal ResamplingPart(GraphBuilder graph, ImageSide side)
    {
        (_graph, _side) = (graph, side);
        _math = new Arithmetic(graph, side.Path);
        _position = Positions();
    }

    /// <summary>The weights [output, input]; those of pixels outside the resized image are meaningless.</summary>
    internal string Weights(ImageInterpolation kernel)
    {
        string input = _math.ToDouble(_side.Input), resized = _math.ToDouble(_side.Resized);
        string scale = _math.Divide(input, resized), shrink = _math.Apply("Max", scale, _math.Constant(1));
        string support = _math.Multiply(_math.Constant(ResamplingKernel.Radius(kernel)), shrink);

        // Pixels outside the image get the weights of the nearest one inside, which avoids a sum of zero.
        string inside = _math.Apply("Min", _math.Apply("Max", _position, _math.Constant(0)), _math.Subtract(resized, _math.Constant(1)));
        string center = _math.Multiply(_math.Add(inside, _math.Constant(0.5)), scale);
        string first = _math.Apply("Floor", _math.Apply("Max", _math.Add(_math.Subtract(center, support), _math.Constant(0.5)), _math.Constant(0)));
        string end = _math.Apply("Floor", _math.Apply("Min", _math.Add(_math.Add(center, support), _math.Constant(0.5)), input));
        string distance = _math.Add(_math.Subtract(first, center), _math.Constant(0.5));

        string pixels = _math.Apply("Range", _math.Constant(0), input, _math.Constant(1));
        string offsets = _math.Subtract(pixels, first);
        string taps = _math.Kernel(kernel, _math.Multiply(_math.Add(offsets, distance), _math.Divide(_math.Constant(1), shrink)));
        string used = _math.Apply("And", _math.Apply("GreaterOrEqual", pixels, first), _math.Apply("Less", pixels, end));
        taps = _math.Apply("Where", used, taps, _math.Constant(0));
        string sum = _graph.Node("ReduceSum", $"{_side.Path}/taps", [taps, _graph.Longs(1)], ("keepdims", 1));
        return Rounded(_math.Divide(taps, sum));
    }

    /// <summary>Which output pixels are outside the resized image: Boolean [output, 1].</summary>
    internal string Outside()
    {
        string before = _math.Apply("Less", _position, _math.Constant(0));
        return _math.Apply("Or", before, _math.Apply("GreaterOrEqual", _position, _math.ToDouble(_side.Resized)));
    }

    /// <summary>
    /// Positions of the output pixels in the resized image, [output, 1]: the center of a side that is too long, with halves rounded to even; all of a side
    /// that is too short, with the smaller half of the padding before it.
    /// </summary>
    private string Positions()
    {
        string rest = _math.ToDouble(_math.Subtract(_side.Resized, _math.Integer(_side.Output)));
        string half = _math.Divide(rest, _math.Constant(2));
        string cut = _math.Apply("Round", half), padded = _math.Apply("Ceil", half);    // -floor(missing / 2)
        string start = _math.Apply("Where", _math.Apply("Greater", rest, _math.Constant(0)), cut, padded);
        double[] indices = [.. Enumerable.Range(0, _side.Output).Select(i => (double)i)];
        string offsets = _graph.Table($"/constant/{_side.Path.Trim('/')}/pixels", OnnxType.Float64, [_side.Output, 1], indices);
        return _math.Add(offsets, start);
    }

    /// <summary>Scales the weights by 2^22 and rounds them, halves away from zero.</summary>
    private string Rounded(string weights)
    {
        string scaled = _math.Multiply(_math.Apply("Abs", weights), _math.Constant(1 << ResamplingWeights.FractionBits));
        return _math.Multiply(_math.Apply("Floor", _math.Add(scaled, _math.Constant(0.5))), _math.Apply("Sign", weights));
    }
}

/// <summary>The resampling kernels: the formulas of <see cref="ResamplingKernel"/> on float64 values of any shape.</summary>
internal static class KernelPart
{
    private const double CubicA = -0.5;

    internal static string Kernel(this Arithmetic graph, ImageInterpolation kernel, string distance) => kernel switch
    {
        ImageInterpolation.Bilinear => graph.Apply("Max", graph.Subtract(graph.Constant(1), graph.Apply("Abs", distance)), graph.Constant(0)),
        ImageInterpolation.Bicubic => Cubic(graph, graph.Apply("Abs", distance)),
        _ => Lanczos(graph, distance),
    };

    private static string Cubic(Arithmetic graph, string x)
    {
        string near = graph.Subtract(graph.Multiply(graph.Constant(CubicA + 2), x), graph.Constant(CubicA + 3));
        near = graph.Add(graph.Multiply(graph.Multiply(near, x), x), graph.Constant(1));
        string far = graph.Add(graph.Multiply(graph.Subtract(x, graph.Constant(5)), x), graph.Constant(8));
        far = graph.Multiply(graph.Subtract(graph.Multiply(far, x), graph.Constant(4)), graph.Constant(CubicA));
        string outer = graph.Apply("Where", graph.Apply("Less", x, graph.Constant(2)), far, graph.Constant(0));
        return graph.Apply("Where", graph.Apply("Less", x, graph.Constant(1)), near, outer);
    }

    private static string Lanczos(Arithmetic graph, string x)
    {
        string product = graph.Multiply(Sinc(graph, x), Sinc(graph, graph.Divide(x, graph.Constant(ResamplingKernel.Radius(ImageInterpolation.Lanczos)))));
        string inside = graph.Apply("Less", graph.Apply("Abs", x), graph.Constant(ResamplingKernel.Radius(ImageInterpolation.Lanczos)));
        return graph.Apply("Where", inside, product, graph.Constant(0));
    }

    private static string Sinc(Arithmetic graph, string x)
    {
        string isZero = graph.Apply("Equal", x, graph.Constant(0));
        string angle = graph.Multiply(graph.Apply("Where", isZero, graph.Constant(1), x), graph.Constant(Math.PI));
        return graph.Apply("Where", isZero, graph.Constant(1), graph.Divide(graph.Apply("Sin", angle), angle));
    }
}
