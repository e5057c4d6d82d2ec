// The weights of a network as named arrays, without a tensor library.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Weights;

/// <summary>
/// The arrays of a network's state dictionary (<see cref="ParameterTable.State"/>), row-major float32 in native memory, under timm's names. Checkpoints and model
/// files fill them; the vector code packs them; a TorchSharp module is filled from them to train, or to score on a GPU.
/// </summary>
internal sealed class NetworkWeights : IDisposable
{
    private readonly Dictionary<string, WeightArray> _arrays;

    /// <summary>Allocates all arrays. Their values are undefined, except for the fixed position table, which is computed.</summary>
    /// <exception cref="InsufficientMemoryException">The machine does not have enough memory.</exception>
    internal NetworkWeights(VisionTransformerArchitecture architecture)
    {
        Architecture = architecture;
        _arrays = new(StringComparer.Ordinal);
        try
        {
            foreach (var row in architecture.State())
                _arrays.Add(row.Name, new WeightArray(row));
            if (architecture.PositionEmbedding == PositionEmbedding.SinCos2D)
                SinCosPositions.Fill(this["pos_embed"].Values, architecture);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal VisionTransformerArchitecture Architecture { get; }

    /// <summary>A copy of weights that are stored elsewhere.</summary>
    internal static NetworkWeights CopyOf(VisionTransformerArchitecture architecture, IReadOnlyDictionary<string, NamedWeight> weights)
    {
        var copy = new NetworkWeights(architecture);
        try
        {
            foreach (var array in copy._arrays.Values)
            {
                using var values = weights[array.Name].Open();
                values.Values.CopyTo(array.Values);
            }

            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>All arrays that were not freed, in timm's order.</summary>
    internal IReadOnlyCollection<WeightArray> Arrays => _arrays.Values;

    /// <summary>The array with that name; the network must have it.</summary>
    internal WeightArray this[string name] => _arrays[name];

    /// <summary>The array with that name; null if the network has none.</summary>
    internal WeightArray? Find(string name) => _arrays.GetValueOrDefault(name);

    /// <summary>Frees one array, whose values are now elsewhere.</summary>
    internal void Free(string name)
    {
        _arrays[name].Dispose();
        _arrays.Remove(name);
    }

    /// <summary>The arrays as they are written to files. They can be opened until this is disposed.</summary>
    internal Dictionary<string, NamedWeight> ByName() => _arrays.Values.ToDictionary(a => a.Name, NamedWeight.Of, StringComparer.Ordinal);

    public void Dispose()
    {
        foreach (var array in _arrays.Values)
            array.Dispose();
        _arrays.Clear();
    }
}

/// <summary>One array of a network's weights.</summary>
internal sealed unsafe class WeightArray : IDisposable
{
    private readonly FloatBuffer _buffer;

    internal WeightArray(ParameterRow row)
    {
        (Name, Shape) = (row.Name, row.Shape);
        _buffer = new FloatBuffer(row.Length, clear: false);
    }

    internal string Name { get; }

    internal long[] Shape { get; }

    /// <summary>Address of the first value.</summary>
    internal float* Start => _buffer.Start;

    /// <summary>The values, row-major.</summary>
    internal Span<float> Values => _buffer.Values;

    public void Dispose() => _buffer.Dispose();
}

/// <summary>A weight whose values may be stored elsewhere, or in another order, until they are needed.</summary>
/// <param name="Name">Name of the weight.</param>
/// <param name="Shape">Shape of the weight.</param>
/// <param name="Open">Returns the values, on any thread. The caller disposes them.</param>
internal sealed record NamedWeight(string Name, long[] Shape, Func<OpenWeight> Open)
{
    /// <summary>A weight that is stored in an array, which must live at least as long.</summary>
    internal static NamedWeight Of(WeightArray array) => new(array.Name, array.Shape, () => OpenWeight.Of(array));

    /// <summary>As <see cref="Open"/>, for values to be written to a file.</summary>
    /// <exception cref="InvalidOperationException">A value is NaN or infinite.</exception>
    internal OpenWeight OpenFinite()
    {
        var values = Open();
        if (FiniteValues.FirstFault(values.Values) is not { } fault)
            return values;
        values.Dispose();
        throw new InvalidOperationException(
            $"{Name} has a weight that is {fault}: training diverged, and the model cannot compute scores. "
            + "The model was not saved. Train again with a lower LearningRate.");
    }

    /// <summary>A copy of the values, row-major.</summary>
    /// <exception cref="InvalidOperationException">A value is NaN or infinite.</exception>
    internal float[] Values()
    {
        using var values = OpenFinite();
        return values.Values.ToArray();
    }
}

/// <summary>The values of a weight, row-major: those of an array, or a copy that is freed at disposal.</summary>
internal sealed unsafe class OpenWeight : IDisposable
{
    private readonly object _source;
    private readonly float* _start;
    private readonly int _length;

    private OpenWeight(object source, float* start, int length)
    {
        _source = source;
        _start = start;
        _length = length;
    }

    internal ReadOnlySpan<float> Values => new(_start, _length);

    /// <summary>The values of an array, which must live at least as long.</summary>
    internal static OpenWeight Of(WeightArray array) => new(array, array.Start, array.Values.Length);

    /// <summary>Takes ownership of a copy.</summary>
    internal static OpenWeight Of(FloatBuffer copy) => new(copy, copy.Start, copy.Values.Length);

    public void Dispose() => (_source as FloatBuffer)?.Dispose();
}
