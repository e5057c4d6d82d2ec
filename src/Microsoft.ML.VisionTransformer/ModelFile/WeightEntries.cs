// The weights of a network as entries of a model file: a JSON table of tensors and their bytes in parts.
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.ModelFile;

/// <summary>
/// *** Binary format ***: the values of all tensors, one after the other in the order of <c>weights.json</c>, each row-major little-endian
/// float32 or float16 as it says, cut into <c>weights-0000.bin</c>, <c>weights-0001.bin</c>, ... of 16 MiB (the last one shorter; 64 MiB in older files). The reader of ML.NET's archive
/// holds one entry in memory at a time, and none may pass 1 GiB.
/// </summary>
internal static class WeightEntries
{
    internal const string TableName = "weights.json";

    internal const int DefaultPartBytes = 16 * 1024 * 1024;

    private const string Float32 = "float32", Float16 = "float16";

    private const int MostSizesShown = 8;

    /// <summary>Writes every entry of the network's state dictionary.</summary>
    /// <exception cref="InvalidOperationException">A weight does not fit the type it is to be stored as.</exception>
    internal static void Write(ModelWriter writer, IReadOnlyDictionary<string, NamedWeight> weights, WeightStorage storage, int partBytes = DefaultPartBytes)
    {
        NamedWeight[] ordered = [.. weights.Values.OrderBy(w => w.Name, StringComparer.Ordinal)];
        writer.Add(TableName, ModelJson.Write(new Table(partBytes, [.. ordered.Select(w => new Entry(w.Name, TypeOf(w.Shape, storage), w.Shape))])));

        int written = 0, most = (int)Math.Min(partBytes, ordered.Sum(w => w.Shape.Aggregate((long)sizeof(float), (bytes, size) => bytes * size)));
        using var parts = new WeightChunks(ordered, weight => Stored(weight, TypeOf(weight.Shape, storage)), most);
        parts.ForEach((part, checksum) => writer.AddStored(PartName(written++), part, checksum));
    }

    /// <summary>The table of tensors: those of the architecture, whose bytes are there. Only then a network is built, so that a small file cannot ask for much memory.</summary>
    /// <exception cref="InvalidDataException">The entries are broken, or are of another network.</exception>
    internal static IReadOnlyList<Entry> ReadTable(ModelReader reader, VisionTransformerArchitecture architecture)
    {
        var tensors = ModelEntries.Parse(reader, TableName, ModelJson.Read<Table>).Tensors ?? throw Missing("Tensors");
        RefuseOtherTensors(tensors, architecture);
        long left = tensors.Sum(entry => entry.Bytes);
        for (int part = 0; left > 0; part++)
        {
            using var content = reader.Open(PartName(part));
            if (content.Left == 0 || content.Left > left)
                throw ModelReader.Broken(string.Create(CultureInfo.InvariantCulture, $"the entry {PartName(part)} has {content.Left} bytes, 1 to {left} are expected"));
            left -= content.Left;
        }

        return tensors;
    }

    /// <summary>Fills every tensor of the network, which lies on the processor, and tells how its weights were stored.</summary>
    /// <param name="reader">Gives the parts.</param>
    /// <param name="tensors">The checked table.</param>
    /// <param name="network">What is filled.</param>
    /// <exception cref="InvalidDataException">A part is broken, or a weight is not finite.</exception>
    internal static WeightStorage Read(ModelReader reader, IReadOnlyList<Entry> tensors, VisionTransformerNetwork network)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var state = network.state_dict();
        EntryReader? part = null;
        int parts = 0;
        try
        {
            foreach (var entry in tensors)
            {
                using var half = entry.Type == Float16 ? empty(entry.Shape, dtype: ScalarType.Float16, device: CPU) : null;
                Fill((half ?? state[entry.Name]).bytes);
                if (half is not null)
                    state[entry.Name].copy_(half);
                if (FiniteValues.FirstFault(MemoryMarshal.Cast<byte, float>(state[entry.Name].bytes)) is { } fault)
                    throw ModelReader.Broken($"{entry.Name} has a weight that is {fault}, with which there are no scores; take a model from before its training broke down");
            }
        }
        finally
        {
            part?.Dispose();
        }

        return tensors.Any(t => t.Type == Float16) ? WeightStorage.Float16 : WeightStorage.Float32;

        void Fill(Span<byte> tensor)
        {
            while (tensor.Length > 0)
            {
                if (part is null or { Left: 0 })
                {
                    part?.Dispose();
                    part = reader.Open(PartName(parts++));
                }

                int some = (int)Math.Min(tensor.Length, part.Left);
                part.Read(tensor[..some]);
                tensor = tensor[some..];
            }
        }
    }

    /// <summary>Vectors are a hundredth of the weights at most, and scale or shift whole features: they keep all bits.</summary>
    private static string TypeOf(long[] shape, WeightStorage storage) => storage == WeightStorage.Float16 && shape.Length > 1 ? Float16 : Float32;

    private static Tensor Stored(NamedWeight weight, string type)
    {
        if (type == Float32)
            return weight.OpenFinite();
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        using var single = weight.OpenFinite();
        Float16Range.Check(weight.Name, MemoryMarshal.Cast<byte, float>(single.bytes), $"save the model with {nameof(WeightStorage)} {WeightStorage.Float32}");
        return single.to(ScalarType.Float16).DetachFromDisposeScope();
    }

    private static void RefuseOtherTensors(IReadOnlyList<Entry?> found, VisionTransformerArchitecture architecture)
    {
        var wanted = architecture.State().ToDictionary(row => row.Name, row => row.Shape, StringComparer.Ordinal);
        var problems = new List<string>();
        var names = new HashSet<string>();
        foreach (var entry in found)
        {
            if (entry?.Name is null || entry.Shape is null)
                throw Missing(string.Create(CultureInfo.InvariantCulture, $"Tensors[{names.Count}]{(entry is null ? "" : entry.Name is null ? ".Name" : ".Shape")}"));
            string name = MessageText.Of(entry.Name);
            if (!names.Add(entry.Name))
                problems.Add($"{name} is there twice");
            else if (!wanted.TryGetValue(entry.Name, out long[]? shape))
                problems.Add($"{name} is not part of the network");
            else if (entry.Type is not (Float32 or Float16))
                problems.Add($"{name} is {MessageText.Of(entry.Type)}, neither {Float32} nor {Float16}");
            else if (!shape.AsSpan().SequenceEqual(entry.Shape))
                problems.Add($"{name} is [{Text(entry.Shape)}], the network needs [{Text(shape)}]");
        }

        problems.AddRange(wanted.Keys.Where(name => !names.Contains(name)).Select(name => $"{name} is missing"));
        if (problems.Count > 0)
            throw ModelReader.Broken($"its weights ({TableName}) do not fit its architecture ({NetworkEntries.ArchitectureName}): {string.Join("; ", problems.Take(10))}{(problems.Count > 10 ? "; ..." : "")}");
    }

    private static InvalidDataException Missing(string what) => ModelReader.Broken($"the entry {TableName} has no {what}, which a table of tensors has");

    private static string PartName(int index) => string.Create(CultureInfo.InvariantCulture, $"weights-{index:D4}.bin");

    private static string Text(long[] shape) => MessageText.Of(string.Join(", ", shape.Take(MostSizesShown).Select(s => s.ToString(CultureInfo.InvariantCulture))));

    private sealed record Table(int PartBytes, IReadOnlyList<Entry>? Tensors);

    /// <summary>A line of the table.</summary>
    internal sealed record Entry(string Name, string Type, long[] Shape)
    {
        /// <summary>Bytes of the values.</summary>
        internal long Bytes => Shape.Aggregate(Type == Float16 ? 2L : sizeof(float), (bytes, size) => checked(bytes * size));
    }
}

/// <summary>Bytes of weights, one after the other, in parts of one size; the last may be shorter.</summary>
/// <param name="weights">In the order in which they are stored.</param>
/// <param name="convert">Gives the tensor whose bytes are stored; the parts dispose it.</param>
/// <param name="partBytes">Size of a part.</param>
internal sealed class WeightChunks(IReadOnlyList<NamedWeight> weights, Func<NamedWeight, Tensor> convert, int partBytes) : IDisposable
{
    private Tensor? _open;
    private int _next;
    private int _taken;

    /// <summary>Hands out the parts in their order, with their checksums. The next is made while one is worked on, whose memory belongs to the parts again afterwards.</summary>
    internal void ForEach(Action<ReadOnlyMemory<byte>, byte[]> work)
    {
        byte[][] memory = [GC.AllocateUninitializedArray<byte>(partBytes), GC.AllocateUninitializedArray<byte>(partBytes)];
        var making = Make(memory[0]);
        for (int i = 1; making.GetAwaiter().GetResult() is (var part, var checksum) && part.Length > 0; i++)
        {
            making = Make(memory[i % 2]);
            try
            {
                work(part, checksum);
            }
            catch
            {
                ((IAsyncResult)making).AsyncWaitHandle.WaitOne();
                throw;
            }
        }
    }

    public void Dispose() => _open?.Dispose();

    private Task<(ReadOnlyMemory<byte> Part, byte[] Checksum)> Make(byte[] memory) => Task.Run(() =>
    {
        var part = (ReadOnlyMemory<byte>)memory.AsMemory(0, Fill(memory));
        return (part, EntryChecksum.Of(part.Span));
    });

    private int Fill(Span<byte> part)
    {
        int filled = 0;
        while (filled < part.Length && Open() is { } tensor)
        {
            var rest = tensor.bytes[_taken..];
            int count = Math.Min(rest.Length, part.Length - filled);
            rest[..count].CopyTo(part[filled..]);
            filled += count;
            _taken += count;
        }

        return filled;
    }

    /// <summary>The tensor that has bytes left; null behind the last.</summary>
    private Tensor? Open()
    {
        while (_open is null || _taken == _open.bytes.Length)
        {
            _open?.Dispose();
            (_open, _taken) = (null, 0);
            if (_next == weights.Count)
                return null;
            _open = convert(weights[_next++]);
        }

        return _open;
    }
}
