// The weights of a network as entries of a model file: a JSON table of tensors and their bytes in parts.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Interop;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>
/// *** Binary format ***: the values of all tensors, one after the other in the order of <c>weights.json</c>, each row-major little-endian
/// float32 or float16 as it says, cut into <c>weights-0000.bin</c>, <c>weights-0001.bin</c>, ... of 64 MiB (the last one shorter). The reader of ML.NET's archive
/// holds one entry in memory at a time, and none may pass 1 GiB.
/// </summary>
internal static class WeightEntries
{
    internal const string TableName = "weights.json";

    internal const int DefaultPartBytes = 64 * 1024 * 1024;

    private const string Float32 = "float32", Float16 = "float16";

    /// <summary>Writes every entry of the network's state dictionary.</summary>
    /// <exception cref="InvalidOperationException">A weight does not fit the type it is to be stored as.</exception>
    internal static void Write(ModelWriter writer, VisionTransformerNetwork network, WeightStorage storage, int partBytes = DefaultPartBytes)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var state = network.state_dict().OrderBy(t => t.Key, StringComparer.Ordinal).ToArray();
        var table = new Table(partBytes, [.. state.Select(t => new Entry(t.Key, TypeOf(t.Value, storage), t.Value.shape))]);
        writer.Add(TableName, ModelJson.Write(table));

        byte[] part = new byte[(int)Math.Min(partBytes, state.Sum(t => t.Value.numel() * sizeof(float)))];
        int parts = 0, filled = 0;
        foreach (var (entry, tensor) in table.Tensors.Zip(state.Select(t => t.Value)))
        {
            using var values = Stored(tensor, entry);
            for (var rest = values.bytes; rest.Length > 0;)
            {
                int taken = Math.Min(rest.Length, part.Length - filled);
                rest[..taken].CopyTo(part.AsSpan(filled));
                rest = rest[taken..];
                filled += taken;
                if (filled == part.Length)
                    Flush();
            }
        }

        if (filled > 0)
            Flush();

        void Flush()
        {
            writer.AddStored(PartName(parts++), part.AsMemory(0, filled));
            filled = 0;
        }
    }

    /// <summary>Fills every tensor of the network, which lies on the processor, and tells how its weights were stored.</summary>
    /// <param name="reader">Gives the parts.</param>
    /// <param name="tableJson">The entry <see cref="TableName"/>.</param>
    /// <param name="network">What is filled.</param>
    /// <exception cref="InvalidDataException">The entries are broken, or are of another network.</exception>
    internal static WeightStorage Read(ModelReader reader, byte[] tableJson, VisionTransformerNetwork network)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var table = ModelJson.Read<Table>(tableJson);
        var state = network.state_dict();
        RefuseOtherTensors(table.Tensors, state);

        ReadOnlyMemory<byte> part = default;
        int parts = 0, used = 0;
        foreach (var entry in table.Tensors)
        {
            using var half = entry.Type == Float16 ? empty(entry.Shape, dtype: ScalarType.Float16) : null;
            for (var rest = (half ?? state[entry.Name]).bytes; rest.Length > 0;)
            {
                if (used == part.Length)
                    (part, used) = (reader.ReadMemory(PartName(parts++)), 0);
                int taken = Math.Min(rest.Length, part.Length - used);
                if (taken == 0)
                    throw ModelReader.Broken($"the entry {PartName(parts - 1)} is empty");
                part.Span.Slice(used, taken).CopyTo(rest);
                rest = rest[taken..];
                used += taken;
            }

            if (half is not null)
                state[entry.Name].copy_(half);
        }

        if (used != part.Length)
            throw ModelReader.Broken($"the entry {PartName(parts - 1)} has {part.Length - used} bytes too many");
        return table.Tensors.Any(t => t.Type == Float16) ? WeightStorage.Float16 : WeightStorage.Float32;
    }

    /// <summary>Vectors are a hundredth of the weights at most, and scale or shift whole features: they keep all bits.</summary>
    private static string TypeOf(Tensor tensor, WeightStorage storage) => storage == WeightStorage.Float16 && tensor.dim() > 1 ? Float16 : Float32;

    private static Tensor Stored(Tensor tensor, Entry entry)
    {
        var single = tensor.to(ScalarType.Float32).cpu().contiguous();
        if (entry.Type == Float32)
            return single;
        float largest = single.abs().max().item<float>();
        if (largest > (float)Half.MaxValue)
        {
            throw new InvalidOperationException(
                $"{entry.Name} has a weight of {largest.ToString(CultureInfo.InvariantCulture)}, beyond the largest 16-bit float, 65504; " +
                $"save the model with {nameof(WeightStorage)} {WeightStorage.Float32}.");
        }

        return single.to(ScalarType.Float16);
    }

    private static void RefuseOtherTensors(IReadOnlyList<Entry> found, Dictionary<string, Tensor> wanted)
    {
        var problems = new List<string>();
        var names = new HashSet<string>();
        foreach (var entry in found)
        {
            if (!names.Add(entry.Name))
                problems.Add($"{entry.Name} is there twice");
            else if (!wanted.TryGetValue(entry.Name, out var tensor))
                problems.Add($"{entry.Name} is not part of the network");
            else if (entry.Type is not (Float32 or Float16))
                problems.Add($"{entry.Name} is {entry.Type}, neither {Float32} nor {Float16}");
            else if (!tensor.shape.AsSpan().SequenceEqual(entry.Shape))
                problems.Add($"{entry.Name} is [{Text(entry.Shape)}], the network needs [{Text(tensor.shape)}]");
        }

        problems.AddRange(wanted.Keys.Where(name => !names.Contains(name)).Select(name => $"{name} is missing"));
        if (problems.Count > 0)
            throw ModelReader.Broken($"its weights do not fit its architecture: {string.Join("; ", problems.Take(10))}{(problems.Count > 10 ? "; ..." : "")}");
    }

    private static string PartName(int index) => string.Create(CultureInfo.InvariantCulture, $"weights-{index:D4}.bin");

    private static string Text(long[] shape) => string.Join(", ", shape.Select(s => s.ToString(CultureInfo.InvariantCulture)));

    private sealed record Table(int PartBytes, IReadOnlyList<Entry> Tensors);

    private sealed record Entry(string Name, string Type, long[] Shape);
}
