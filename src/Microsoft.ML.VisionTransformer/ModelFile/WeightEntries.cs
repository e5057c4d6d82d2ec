// The weights of a network in a model file: a JSON table of tensors, and their bytes split into chunks.
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.ModelFile;

/// <summary>
/// *** Binary format ***: the values of all tensors, one after the other in the order of <c>weights.json</c>, each row-major little-endian
/// float32, float16 or int8 as listed there (int8: the float32 scale of each output, then the bytes of all outputs), split into <c>weights-0000.bin</c>, <c>weights-0001.bin</c>, ... of 16 MiB (the last one may be shorter; 64 MiB in
/// older files). ML.NET's archive reader holds one entry in memory at a time and limits each to 1 GiB.
/// </summary>
internal static class WeightEntries
{
    internal const string TableName = "weights.json";

    internal const int DefaultPartBytes = 16 * 1024 * 1024;

    private const string Float32 = "float32", Float16 = "float16", Int8 = "int8";

    private const int MaxSizesShown = 8;

    /// <summary>Writes every entry of the network's state dictionary.</summary>
    /// <exception cref="InvalidOperationException">A weight is not finite or does not fit the storage type.</exception>
    internal static void Write(ModelWriter writer, IReadOnlyDictionary<string, NamedWeight> weights, WeightStorage storage, int partBytes = DefaultPartBytes)
    {
        NamedWeight[] ordered = [.. weights.Values.OrderBy(w => w.Name, StringComparer.Ordinal)];
        writer.Add(TableName, ModelJson.Write(new Table(partBytes, [.. ordered.Select(w => new Entry(w.Name, TypeOf(w, storage), w.Shape))])));

        int written = 0, chunkBytes = (int)Math.Min(partBytes, ordered.Sum(w => w.Shape.Aggregate((long)sizeof(float), (bytes, size) => bytes * size)));
        using var chunks = new WeightChunks(ordered, weight => Stored(weight, TypeOf(weight, storage)), chunkBytes);
        chunks.ForEach((chunk, checksum) => writer.AddStored(ChunkName(written++), chunk, checksum));
    }

    /// <summary>
    /// Reads the table of tensors and checks that it matches the architecture and that all bytes are present. Called before the network is built, so a small
    /// file cannot cause a large allocation.
    /// </summary>
    /// <exception cref="InvalidDataException">The entries are corrupt, or belong to another network.</exception>
    internal static IReadOnlyList<Entry> ReadTable(ModelReader reader, VisionTransformerArchitecture architecture)
    {
        var tensors = ModelEntries.Parse(reader, TableName, ModelJson.Read<Table>).Tensors ?? throw Missing("Tensors");
        RequireMatch(tensors, architecture);
        long left = tensors.Sum(entry => entry.Bytes);
        for (int chunk = 0; left > 0; chunk++)
        {
            using var content = reader.Open(ChunkName(chunk));
            if (content.Left == 0 || content.Left > left)
            {
                throw ModelReader.Broken(string.Create(
                    CultureInfo.InvariantCulture, $"the entry {ChunkName(chunk)} has {content.Left} bytes; expected 1 to {left}"));
            }

            left -= content.Left;
        }

        return tensors;
    }

    /// <summary>Fills every array and returns how the weights are stored.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="tensors">The checked table.</param>
    /// <param name="weights">Receives the values.</param>
    /// <exception cref="InvalidDataException">A chunk is corrupt, or a weight is not finite.</exception>
    internal static WeightStorage Read(ModelReader reader, IReadOnlyList<Entry> tensors, NetworkWeights weights)
    {
        byte[] stored = [];
        EntryReader? chunk = null;
        int chunks = 0;
        try
        {
            foreach (var entry in tensors)
            {
                var values = weights[entry.Name].Values;
                if (entry.Type == Float32)
                {
                    Fill(MemoryMarshal.AsBytes(values));
                }
                else
                {
                    if (stored.Length < entry.Bytes)
                        stored = GC.AllocateUninitializedArray<byte>(checked((int)entry.Bytes));
                    Span<byte> bytes = stored.AsSpan(0, (int)entry.Bytes);
                    Fill(bytes);
                    if (entry.Type == Int8)
                        Int8Weights.Restore(bytes, checked((int)entry.Shape[0]), values);
                    else
                        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                }

                if (FiniteValues.FirstFault(values) is { } fault)
                {
                    throw ModelReader.Broken(
                        $"{entry.Name} has a weight that is {fault}, so no scores can be computed; use a model saved before training diverged");
                }
            }
        }
        finally
        {
            chunk?.Dispose();
        }

        return tensors.Any(t => t.Type == Int8) ? WeightStorage.Int8
            : tensors.Any(t => t.Type == Float16) ? WeightStorage.Float16 : WeightStorage.Float32;

        void Fill(Span<byte> tensor)
        {
            while (tensor.Length > 0)
            {
                if (chunk is null or { Left: 0 })
                {
                    chunk?.Dispose();
                    chunk = reader.Open(ChunkName(chunks++));
                }

                int count = (int)Math.Min(tensor.Length, chunk.Left);
                chunk.Read(tensor[..count]);
                tensor = tensor[count..];
            }
        }
    }

    /// <summary>
    /// Vectors are at most a hundredth of the weights, and they scale or shift whole features, so they are always stored as float32. In int8 are the linear layers of
    /// the blocks, which scoring in int8 quantizes too; the other matrices are then float16.
    /// </summary>
    private static string TypeOf(NamedWeight weight, WeightStorage storage)
    {
        if (storage == WeightStorage.Float32 || weight.Shape.Length == 1)
            return Float32;
        return storage == WeightStorage.Int8 && Int8Weights.Include(weight.Name, weight.Shape) ? Int8 : Float16;
    }

    private static StoredWeight Stored(NamedWeight weight, string type)
    {
        var values = weight.OpenFinite();
        if (type == Float32)
            return new StoredWeight(values, null);
        using (values)
        {
            if (type == Int8)
                return new StoredWeight(null, Int8Weights.Store(values.Values, (int)weight.Shape[0]));
            Float16Range.Check(weight.Name, values.Values, $"save the model with {nameof(WeightStorage)} {WeightStorage.Float32}");
            byte[] halves = GC.AllocateUninitializedArray<byte>(values.Values.Length * sizeof(ushort));
            TensorPrimitives.ConvertToHalf(values.Values, MemoryMarshal.Cast<byte, Half>(halves.AsSpan()));
            return new StoredWeight(null, halves);
        }
    }

    private static void RequireMatch(IReadOnlyList<Entry?> found, VisionTransformerArchitecture architecture)
    {
        var expected = architecture.State().ToDictionary(row => row.Name, row => row.Shape, StringComparer.Ordinal);
        var problems = new List<string>();
        var names = new HashSet<string>();
        foreach (var entry in found)
        {
            if (entry?.Name is null || entry.Shape is null)
            {
                string field = entry is null ? "" : entry.Name is null ? ".Name" : ".Shape";
                throw Missing(string.Create(CultureInfo.InvariantCulture, $"Tensors[{names.Count}]{field}"));
            }

            string name = MessageText.Of(entry.Name);
            if (!names.Add(entry.Name))
                problems.Add($"{name} is listed twice");
            else if (!expected.TryGetValue(entry.Name, out long[]? shape))
                problems.Add($"{name} is not part of the network");
            else if (entry.Type is not (Float32 or Float16 or Int8))
                problems.Add($"{name} has type {MessageText.Of(entry.Type)}; expected {Float32}, {Float16} or {Int8}");
            else if (!shape.AsSpan().SequenceEqual(entry.Shape))
                problems.Add($"{name} is [{Text(entry.Shape)}], but the network needs [{Text(shape)}]");
            else if (entry.Type == Int8 && !Int8Weights.Include(entry.Name, entry.Shape))
                problems.Add($"{name} has type {Int8}, which only the linear layers of the blocks may have");
        }

        problems.AddRange(expected.Keys.Where(name => !names.Contains(name)).Select(name => $"{name} is missing"));
        if (problems.Count > 0)
        {
            throw ModelReader.Broken(
                $"its weights ({TableName}) do not match its architecture ({NetworkEntries.ArchitectureName}): "
                + $"{string.Join("; ", problems.Take(10))}{(problems.Count > 10 ? "; ..." : "")}");
        }
    }

    private static InvalidDataException Missing(string what) => ModelReader.Broken($"the entry {TableName} has no {what}, which is required");

    private static string ChunkName(int index) => string.Create(CultureInfo.InvariantCulture, $"weights-{index:D4}.bin");

    private static string Text(long[] shape) =>
        MessageText.Of(string.Join(", ", shape.Take(MaxSizesShown).Select(s => s.ToString(CultureInfo.InvariantCulture))));

    private sealed record Table(int PartBytes, IReadOnlyList<Entry>? Tensors);

    /// <summary>One tensor of the table.</summary>
    internal sealed record Entry(string Name, string Type, long[] Shape)
    {
        /// <summary>Size of the stored values in bytes.</summary>
        internal long Bytes
        {
            get
            {
                long values = Shape.Aggregate(1L, (count, size) => checked(count * size));
                return Type == Int8 ? checked(values + (sizeof(float) * Shape[0])) : checked(values * (Type == Float16 ? sizeof(ushort) : sizeof(float)));
            }
        }
    }
}

/// <summary>Splits the bytes of the weights into chunks of one size; the last may be shorter.</summary>
/// <param name="weights">The weights, in storage order.</param>
/// <param name="convert">Returns a weight as it is stored; it is disposed here.</param>
/// <param name="chunkBytes">Size of a chunk in bytes.</param>
internal sealed class WeightChunks(IReadOnlyList<NamedWeight> weights, Func<NamedWeight, StoredWeight> convert, int chunkBytes) : IDisposable
{
    private StoredWeight? _open;
    private int _next;
    private int _taken;

    /// <summary>
    /// Calls an action for each chunk, in order, with its checksum. The next chunk is filled while the action runs. The memory is valid only during the call.
    /// </summary>
    internal void ForEach(Action<ReadOnlyMemory<byte>, byte[]> work)
    {
        byte[][] memory = [GC.AllocateUninitializedArray<byte>(chunkBytes), GC.AllocateUninitializedArray<byte>(chunkBytes)];
        var next = FillAsync(memory[0]);
        for (int i = 1; next.GetAwaiter().GetResult() is (var chunk, var checksum) && chunk.Length > 0; i++)
        {
            next = FillAsync(memory[i % 2]);
            try
            {
                work(chunk, checksum);
            }
            catch
            {
                ((IAsyncResult)next).AsyncWaitHandle.WaitOne();
                throw;
            }
        }
    }

    public void Dispose() => _open?.Dispose();

    private Task<(ReadOnlyMemory<byte> Chunk, byte[] Checksum)> FillAsync(byte[] memory) => Task.Run(() =>
    {
        var chunk = (ReadOnlyMemory<byte>)memory.AsMemory(0, Fill(memory));
        return (chunk, EntryChecksum.Of(chunk.Span));
    });

    private int Fill(Span<byte> chunk)
    {
        int filled = 0;
        while (filled < chunk.Length && Open() is { } weight)
        {
            var rest = weight.Bytes[_taken..];
            int count = Math.Min(rest.Length, chunk.Length - filled);
            rest[..count].CopyTo(chunk[filled..]);
            filled += count;
            _taken += count;
        }

        return filled;
    }

    /// <summary>The current weight with bytes left; null after the last one.</summary>
    private StoredWeight? Open()
    {
        while (_open is null || _taken == _open.Bytes.Length)
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

/// <summary>The bytes of a weight in a model file: float32 values, or values that were converted to fewer bytes.</summary>
internal sealed class StoredWeight(OpenWeight? singles, byte[]? converted) : IDisposable
{
    internal ReadOnlySpan<byte> Bytes => singles is null ? converted : MemoryMarshal.AsBytes(singles.Values);

    public void Dispose() => singles?.Dispose();
}
