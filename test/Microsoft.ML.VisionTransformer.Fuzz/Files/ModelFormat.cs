// Mutates a model .zip with correct checksums: its JSON, its weights and its index.
using System.Buffers.Binary;
using System.Reflection;

namespace Microsoft.ML.VisionTransformer.Fuzz;

/// <summary>
/// A classifier and a featurizer. The parts that ML.NET reads, its headers and the archive, are not changed, because their errors are ML.NET's.
/// </summary>
internal sealed class ModelFormat : FileFormat
{
    private const int Format = 7;
    private const string Index = "Model.key";

    private readonly ModelArchive[] _archives;
    private readonly MLContext _context = new(seed: 1);

    internal ModelFormat(string root)
    {
        string checkpoint = Path.Combine(root, "hf-vit");
        using var classifier = _context.Model.LoadVisionTransformer(checkpoint);
        var data = Photo();
        using var featurizer = _context.Transforms.VisionTransformerFeatures("Embedding", "Image", new VisionTransformerFeatureOptions { PretrainedModel = checkpoint }).Fit(data);
        _archives = [Archive(classifier), Archive(featurizer)];
    }

    internal override byte[] Make(int number)
    {
        var random = RandomOf(Format, number);
        var archive = _archives[random.Next(_archives.Length)];
        // The index last, because its entry is located by its checksums.
        string[] names = [.. archive.Names.Order(StringComparer.Ordinal)];
        random.Shuffle(names);
        foreach (string name in names.Take(1 + random.Next(2)).OrderBy(name => name == Index))
            archive = archive.With(name, Change(name, archive[name], random));
        return archive.ToBytes();
    }

    internal override FuzzOutcome Run(byte[] file, int number, string folder)
    {
        try
        {
            using var model = (IDisposable)_context.Model.Load(new MemoryStream(file), out _);
            Score((ITransformer)model);
            return FuzzOutcome.Decoded;
        }
        catch (TargetInvocationException e) when (e.GetBaseException() is InvalidDataException { Message.Length: > 0 and < 10_000 } cause && cause.Message.Contains("model file", StringComparison.Ordinal))
        {
            return FuzzOutcome.Refused;
        }
    }

    private static byte[] Change(string name, byte[] content, Random random)
    {
        if (name == Index)
            return ChangeIndex(content, random);
        if (name.EndsWith(".json", StringComparison.Ordinal))
            return JsonMutator.Change(content, random);
        return random.Next(2) == 0 ? ByteMutator.Change(content, random) : WithNumber(content, random);
    }

    /// <summary>Changes the index in place, after ML.NET's header and before its end marker.</summary>
    private static byte[] ChangeIndex(byte[] key, Random random)
    {
        int start = new[] { "classes.json", "features.json" }.Select(name => key.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(name))).Where(at => at >= 0).Min() - sizeof(int) - 1;
        int end = key.AsSpan().IndexOf(".bin"u8) + ".bin".Length + sizeof(long) + 16;
        byte[] changed = ByteMutator.Change(key[start..end], random);
        Array.Resize(ref changed, end - start);
        return [.. key[..start], .. changed, .. key[end..]];
    }

    private static byte[] WithNumber(byte[] weights, Random random)
    {
        float[] values = [float.NaN, float.PositiveInfinity, float.MaxValue, float.Epsilon];
        byte[] changed = [.. weights];
        BinaryPrimitives.WriteSingleLittleEndian(changed.AsSpan(4 * random.Next(weights.Length / 4)), values[random.Next(values.Length)]);
        return changed;
    }

    /// <summary>A model that loads must score; a file may limit the size of images, name another column, and have weights that are too large to compute with.</summary>
    private void Score(ITransformer model)
    {
        var data = Photo();
        try
        {
            var scored = model.Transform(data);
            using var cursor = scored.GetRowCursor(scored.Schema);
            while (cursor.MoveNext())
            {
            }
        }
        catch (ArgumentOutOfRangeException e) when (e.Message.Contains("column", StringComparison.Ordinal))
        {
        }
        catch (InvalidOperationException e) when (e.Message.Contains("not finite", StringComparison.Ordinal))
        {
            // Weights may be as large as float.MaxValue.
        }
    }

    private IDataView Photo() => _context.Data.LoadFromEnumerable([new Row { Image = _png }]);

    private ModelArchive Archive(ITransformer model)
    {
        using var zip = new MemoryStream();
        _context.Model.Save(model, Photo().Schema, zip);
        return ModelArchive.Read(zip.ToArray());
    }

    /// <summary>One gray pixel.</summary>
    private static readonly byte[] _png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==");

    private sealed class Row
    {
        public byte[] Image { get; set; } = [];
    }
}
