// Emits the preprocessing from raw pixels to the network's input as ONNX nodes.
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Images.Resampling;
using Microsoft.ML.VisionTransformer.Onnx.Format;

namespace Microsoft.ML.VisionTransformer.Onnx.Export;

/// <summary>
/// Preprocessing, bytes [N, height, width, 3] to [N, C, H, W]: a product with the weights of the columns, rounded to bytes, one with those of the rows,
/// rounded again, then (value / 255 - mean) / deviation in float32. Products and sums are integers below 2^53 in float64, which are exact: no result
/// depends on their order.
/// </summary>
internal sealed class PreprocessingPart(GraphBuilder graph, ImagePreprocessing settings)
{
    private const string Path = "/preprocess";
    private const double Unit = 1 << ResamplingWeights.FractionBits;

    private readonly Arithmetic _math = new(graph, $"{Path}/pixels");

    internal string Emit(string images)
    {
        string shape = graph.Node("Shape", Path, [images]);
        var (rows, columns) = new ResizePart(graph, settings).Sides(Size(shape, 1), Size(shape, 2));
        ResamplingPart vertical = new(graph, rows), horizontal = new(graph, columns);
        var kernel = new ResizePlan(settings).Interpolation;
        string planes = graph.Node("Transpose", $"{Path}/planes", [images], ("perm", [0L, 3, 1, 2]));
        string across = graph.Node("Transpose", $"{Path}/columns/weights", [horizontal.Weights(kernel)], ("perm", [1L, 0]));
        string between = Bytes(_math.Apply("MatMul", _math.ToDouble(planes), across));
        string resized = Bytes(_math.Apply("MatMul", vertical.Weights(kernel), between));
        if (settings.Resizing == ImageResizing.Pad)
            resized = Pad(resized, vertical.Outside(), graph.Node("Transpose", $"{Path}/columns/outside", [horizontal.Outside()], ("perm", [1L, 0])));
        return Normalize(settings.Mean.Count == 1 ? Gray(resized) : resized);
    }

    private string Size(string shape, int axis) => graph.Node("Gather", $"{Path}/size.{axis}", [shape, graph.Long(axis)], ("axis", 0));

    /// <summary>clamp((sum + 2^21) >> 22).</summary>
    private string Bytes(string sums)
    {
        string rounded = _math.Apply("Floor", _math.Divide(_math.Add(sums, _math.Constant(Unit / 2)), _math.Constant(Unit)));
        return _math.Apply("Min", _math.Apply("Max", rounded, _math.Constant(0)), _math.Constant(byte.MaxValue));
    }

    private string Pad(string pixels, string rowsOutside, string columnsOutside)
    {
        double[] colors = [.. new ResizePlan(settings).Padding.ToArray().Select(value => (double)value)];
        string padding = graph.Table("/constant/padding", OnnxType.Float64, [1, RgbImage.Channels, 1, 1], colors);
        return _math.Apply("Where", _math.Apply("Or", rowsOutside, columnsOutside), padding, pixels);
    }

    /// <summary>Pillow's luma: (19595 red + 38470 green + 7471 blue + 2^15) >> 16.</summary>
    private string Gray(string pixels)
    {
        string weights = graph.Table<double>("/constant/luma", OnnxType.Float64, [1, RgbImage.Channels, 1, 1], [Luma.Red, Luma.Green, Luma.Blue]);
        string sum = graph.Node("ReduceSum", $"{Path}/luma", [_math.Multiply(pixels, weights), graph.Longs(1)], ("keepdims", 1));
        return _math.Apply("Floor", _math.Divide(_math.Add(sum, _math.Constant(1 << 15)), _math.Constant(1 << 16)));
    }

    private string Normalize(string pixels)
    {
        string fractions = _math.Divide(_math.Cast(pixels, OnnxType.Float32), graph.Float(byte.MaxValue));
        return _math.Divide(_math.Subtract(fractions, Channels("mean", settings.Mean)), Channels("deviation", settings.StandardDeviation));
    }

    private string Channels(string name, ChannelValues values) =>
        graph.Table($"/constant/{name}", OnnxType.Float32, [1, values.Count, 1, 1], values.ToArray());
}

/// <summary>Shorthand for arithmetic nodes, numbered under one path, for the formulas of image resizing.</summary>
internal sealed class Arithmetic(GraphBuilder graph, string path)
{
    private int _count;

    internal string Add(string a, string b) => Apply("Add", a, b);

    internal string Subtract(string a, string b) => Apply("Sub", a, b);

    internal string Multiply(string a, string b) => Apply("Mul", a, b);

    internal string Divide(string a, string b) => Apply("Div", a, b);

    internal string Apply(string operation, params string[] inputs) =>
        graph.Node(operation, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}/{_count++}"), inputs);

    internal string ToDouble(string value) => Cast(value, OnnxType.Float64);

    internal string ToLong(string value) => Cast(value, OnnxType.Int64);

    internal string Constant(double value) => graph.Double(value);

    internal string Integer(long value) => graph.Long(value);

    internal string Cast(string value, OnnxType type) =>
        graph.Node("Cast", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}/{_count++}"), [value], ("to", (long)type));
}
