// Helpers to set the values of a module and to read the values of a tensor.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class TensorValues
{
    /// <summary>Overwrites a parameter, row by row.</summary>
    internal static void Set(this nn.Module module, string name, params float[] values)
    {
        var parameter = module.get_parameter(name) ?? throw new ArgumentException($"no parameter {name}", nameof(name));
        using var noGradients = no_grad();
        using var source = tensor(values, parameter.shape);
        parameter.copy_(source);
    }

    /// <summary>A square matrix with that value on the diagonal, row by row.</summary>
    internal static float[] Diagonal(int size, float value = 1)
    {
        float[] matrix = new float[size * size];
        for (int i = 0; i < size; i++)
            matrix[i * size + i] = value;
        return matrix;
    }

    /// <summary>All values, row by row.</summary>
    internal static float[] Values(this Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>Compares value by value and reports the first difference.</summary>
    internal static void AssertValues(this Tensor actual, double tolerance, params double[] expected)
    {
        float[] values = actual.Values();
        Assert.HasCount(expected.Length, values);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], values[i], tolerance, $"value {i}");
    }

    /// <summary>Whether all values of two tensors are the same, bit for bit.</summary>
    internal static bool SameValues(this Tensor first, Tensor second) => first.Values().AsSpan().SequenceEqual(second.Values());
}
