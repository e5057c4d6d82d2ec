// The resampling kernels as ONNX computes them.
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>The formulas of <see cref="ResamplingKernel"/> on 64-bit numbers of any shape.</summary>
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
