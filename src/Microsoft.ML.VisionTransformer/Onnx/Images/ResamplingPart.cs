// The weights that resize one side of images, as ONNX computes them.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>
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
        string centre = _do.Multiply(_do.Add(inside, _do.Number(0.5)), scale);
        string first = _do.Apply("Floor", _do.Apply("Max", _do.Add(_do.Subtract(centre, support), _do.Number(0.5)), _do.Number(0)));
        string end = _do.Apply("Floor", _do.Apply("Min", _do.Add(_do.Add(centre, support), _do.Number(0.5)), input));
        string distance = _do.Add(_do.Subtract(first, centre), _do.Number(0.5));

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
        string wanted = _graph.Table($"/constant/{_side.Path.Trim('/')}/pixels", Checkpoints.OnnxType.Float64, [_side.Wanted, 1], indices);
        return _do.Add(wanted, start);
    }

    /// <summary>To multiples of 2^-22, halves away from zero.</summary>
    private string Rounded(string weights)
    {
        string scaled = _do.Multiply(_do.Apply("Abs", weights), _do.Number(1 << ResamplingWeights.FractionBits));
        return _do.Multiply(_do.Apply("Floor", _do.Add(scaled, _do.Number(0.5))), _do.Apply("Sign", weights));
    }
}
