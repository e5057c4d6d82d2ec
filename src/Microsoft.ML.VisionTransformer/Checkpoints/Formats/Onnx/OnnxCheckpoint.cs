// Reads the weights and metadata of ONNX files exported by this library.
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Onnx.Format;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Onnx;

/// <summary>
/// Reads initializers under the network's own names (<see cref="OnnxMetadata"/>). Files from other programs do not identify the network, and 8-bit weights
/// cannot be converted back exactly: both are rejected.
/// </summary>
internal sealed class OnnxCheckpoint : CheckpointFile
{
    private readonly Dictionary<string, SafeFileHandle> _files = new(StringComparer.Ordinal);

    private OnnxCheckpoint(string path, OnnxHeader header)
    {
        Path = path;
        Description = Describe(header.Metadata);
        try
        {
            var weights = header.Entries.Where(e => e.Name.Length > 0 && e.Name[0] != OnnxMetadata.ConstantMark).ToList();
            foreach (string location in weights.Select(e => e.Location ?? "").Distinct(StringComparer.Ordinal))
                _files.Add(location, OpenPart(location));
            var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
            foreach (var tensor in weights.Select(Checked))
            {
                if (!tensors.TryAdd(tensor.Name, tensor))
                    throw Invalid($"it has {MessageText.Of(tensor.Name)} twice");
            }

            Tensors = tensors;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal override string Path { get; }

    internal override IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    internal override CheckpointDescription Description { get; }

    internal override bool ReadsInParallel => true;

    /// <summary>Opens a file and validates its metadata and tensors. No weights are read yet.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidCheckpointException">The file is corrupt, from another program, or has 8-bit weights.</exception>
    internal static OnnxCheckpoint Open(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        return new OnnxCheckpoint(path, OnnxHeader.Read(stream, path));
    }

    /// <summary>Reads all bytes of a tensor.</summary>
    internal void Read(OnnxEntry entry, Span<byte> bytes)
    {
        var file = _files[entry.Location ?? ""];
        for (long at = entry.Offset; bytes.Length > 0;)
        {
            int read = RandomAccess.Read(file, bytes, at);
            if (read == 0)
                throw Invalid($"{MessageText.Of(entry.Name)} is truncated");
            bytes = bytes[read..];
            at += read;
        }
    }

    public override void Dispose()
    {
        foreach (var file in _files.Values)
            file.Dispose();
    }

    private CheckpointDescription Describe(IReadOnlyDictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue(OnnxMetadata.Architecture, out string? architecture)
            || !metadata.TryGetValue(OnnxMetadata.Preprocessing, out string? preprocessing))
        {
            throw new InvalidCheckpointException(
                $"{Path} is an ONNX file that {OnnxMetadata.Producer} did not write, so it does not identify its network. "
                + "Load the checkpoint that it was exported from.");
        }

        if (metadata.GetValueOrDefault(OnnxMetadata.Precision) == OnnxMetadata.IntegerPrecision)
        {
            throw new InvalidCheckpointException(
                $"{Path} has weights quantized to 8-bit integers, which cannot be converted back exactly. Load the model that it was exported from.");
        }

        try
        {
            var names = metadata.TryGetValue(OnnxMetadata.ClassNames, out string? classes) ? JsonSerializer.Deserialize<string[]>(classes) : null;
            if (names?.Contains(null!) == true)
                throw new JsonException($"{OnnxMetadata.ClassNames} has a null instead of a name");
            var images = ModelJson.Read<ImagePreprocessing>(Encoding.UTF8.GetBytes(preprocessing));
            images.CheckSettings();
            return new CheckpointDescription(ModelJson.Read<VisionTransformerArchitecture>(Encoding.UTF8.GetBytes(architecture)).Check(), images, names, []);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or NotSupportedException or FormatException)
        {
            throw Invalid($"its metadata does not have the format of this version ({e.Message.TrimEnd('.')})", e);
        }
    }

    private SafeFileHandle OpenPart(string location)
    {
        if (location.Any(c => c is '/' or '\\' or ':' || char.IsControl(c)) || location is "." or "..")
            throw Invalid($"it names the file '{MessageText.Of(location)}', but a plain name of a file beside it is expected");
        string part = location.Length == 0 ? Path : System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!, location);
        try
        {
            return File.OpenHandle(part, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
        }
        catch (Exception e) when (location.Length > 0 && e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidCheckpointException(
                $"{Path} stores its weights in {MessageText.Of(location)}, which is not a readable file beside it; copy that file to the folder.", e);
        }
    }

    private StoredTensor Checked(OnnxEntry entry)
    {
        string name = MessageText.Of(entry.Name);
        if (entry.Type is not (OnnxType.Float32 or OnnxType.Float16))
            throw Invalid($"{name} is {entry.Type}, but {OnnxType.Float32} or {OnnxType.Float16} is expected");
        if (entry.Name.EndsWith(OnnxMetadata.Transposed, StringComparison.Ordinal) && entry.Shape.Length != 2)
            throw Invalid($"{name} has {entry.Shape.Length} axes, but a matrix has 2");
        long rest = RandomAccess.GetLength(_files[entry.Location ?? ""]) - entry.Offset;
        if (entry.Offset < 0 || Bytes(entry) != entry.Length || entry.Length > rest)
        {
            throw Invalid(
                $"{name} of shape [{string.Join(", ", entry.Shape)}] declares {entry.Length} bytes of data from offset {entry.Offset}, "
                + $"where the file has {Math.Max(rest, 0)}");
        }

        return new OnnxTensor(this, entry);
    }

    /// <summary>Number of bytes for the shape; -1 if the shape is invalid.</summary>
    private static long Bytes(OnnxEntry entry)
    {
        long bytes = entry.Width;
        foreach (long size in entry.Shape)
        {
            if (size < 0 || (size > 0 && bytes > long.MaxValue / size))
                return -1;
            bytes *= size;
        }

        return bytes;
    }

    private InvalidCheckpointException Invalid(string what, Exception? cause = null) =>
        new($"{Path} is not a valid ONNX file: {what}. Download or export it again.", cause!);
}

/// <summary>A tensor in an ONNX file. A matrix stored as [inputs, outputs] is transposed to the network's [outputs, inputs].</summary>
internal sealed class OnnxTensor(OnnxCheckpoint file, OnnxEntry entry) : StoredTensor
{
    private readonly bool _transposed = entry.Name.EndsWith(OnnxMetadata.Transposed, StringComparison.Ordinal);

    internal override string Name => _transposed ? entry.Name[..^OnnxMetadata.Transposed.Length] : entry.Name;

    internal override StoredType Type => entry.Type switch
    {
        OnnxType.Float32 => StoredType.Float32,
        OnnxType.Float16 => StoredType.Float16,
        _ => StoredType.Other,
    };

    internal override string TypeName => entry.Type.ToString();

    internal override IReadOnlyList<long> Shape => _transposed ? [entry.Shape[1], entry.Shape[0]] : entry.Shape;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The length of <paramref name="values"/> is not the number of values.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    internal override void CopyTo(Span<float> values)
    {
        Guard.InRange(values.Length, Count, Count + 1);
        if (!_transposed)
        {
            Read(values);
            return;
        }

        int inputs = checked((int)entry.Shape[0]), outputs = checked((int)entry.Shape[1]);
        float[] stored = new float[values.Length];
        Read(stored);
        for (int output = 0; output < outputs; output++)
        {
            for (int input = 0; input < inputs; input++)
                values[output * inputs + input] = stored[input * outputs + output];
        }
    }

    private void Read(Span<float> values)
    {
        if (entry.Type == OnnxType.Float32)
        {
            file.Read(entry, MemoryMarshal.AsBytes(values));
            return;
        }

        var halves = new Half[values.Length];
        file.Read(entry, MemoryMarshal.AsBytes(halves.AsSpan()));
        TensorPrimitives.ConvertToSingle(halves, values);
    }
}
