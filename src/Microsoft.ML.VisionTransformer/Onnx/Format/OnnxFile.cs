// Writes a graph as an ONNX file, and converts its records to Protocol Buffers messages.
using System.Globalization;
using Google.Protobuf;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Onnx.Format;

/// <summary>
/// Writes the file with one weight tensor in memory at a time. With a second file, tensors of at least <see cref="MinimumExternal"/> bytes are stored there,
/// each at a multiple of <see cref="Alignment"/>, which allows a runtime to map them.
/// </summary>
internal sealed class OnnxFile
{
    /// <summary>Suffix that the second file appends to the file's name.</summary>
    internal const string DataSuffix = ".data";

    /// <summary>IR version of the format: 8 was released with operator set 17.</summary>
    private const int IrVersion = 8;

    private const int Alignment = 4096, MinimumExternal = 1024;

    /// <summary>A Protocol Buffers message is limited to 2 GiB; the difference is reserved for the nodes.</summary>
    private const long MaxInOneFile = 2_000_000_000;

    private readonly OnnxGraph _graph;
    private readonly IReadOnlyDictionary<string, string> _metadata;
    private readonly Dictionary<GraphInitializer, long> _offsets = [];
    private readonly string _path;

    private OnnxFile(string path, OnnxGraph graph, IReadOnlyDictionary<string, string> metadata, bool external)
    {
        (_path, _graph, _metadata) = (path, graph, metadata);
        if (external || graph.Initializers.Sum(i => i.Length) > MaxInOneFile)
            StoreExternally();
    }

    /// <summary>Writes the file; an existing file is replaced only when the new one is complete.</summary>
    /// <exception cref="IOException">The file cannot be written; an existing file is unchanged.</exception>
    internal static void Write(string path, OnnxGraph graph, IReadOnlyDictionary<string, string> metadata, bool external) =>
        new OnnxFile(path, graph, metadata, external).Write();

    private void Write()
    {
        using var files = new FileSet(_path);
        files.Write(_path, WriteModel);
        if (_offsets.Count > 0)
            files.Write(_path + DataSuffix, WriteData);
        else if (HasDataOfOldFile())
            files.Remove(_path + DataSuffix);
        files.Commit();
    }

    /// <summary>Whether the replaced file has its weights in a second file, which is then no longer needed.</summary>
    private bool HasDataOfOldFile()
    {
        if (!File.Exists(_path) || !File.Exists(_path + DataSuffix))
            return false;
        try
        {
            using var old = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            return OnnxHeader.Read(old, _path).Entries.Any(entry => entry.Location == Path.GetFileName(_path) + DataSuffix);
        }
        catch (InvalidCheckpointException)
        {
            return false;    // not an ONNX file, so the second file is not known to belong to it
        }
    }

    private void WriteModel(Stream stream)
    {
        stream.Write(Head().ToArray());
        byte[] before = GraphHead().ToArray(), after = GraphTail().ToArray();
        byte[][] headers = [.. _graph.Initializers.Select(i => HeaderOf(i).ToArray())];
        long length = before.LongLength + after.LongLength;
        for (int i = 0; i < headers.Length; i++)
            length += FieldLength(headers[i].Length + DataInside(_graph.Initializers[i]));
        stream.Write(new ProtoMessage().Open(OnnxFields.Model.Graph, checked((int)length)).ToArray());
        stream.Write(before);
        for (int i = 0; i < headers.Length; i++)
            WriteTensor(stream, _graph.Initializers[i], headers[i]);
        stream.Write(after);
    }

    private void StoreExternally()
    {
        long offset = 0;
        foreach (var initializer in _graph.Initializers.Where(i => i.Length >= MinimumExternal))
        {
            _offsets.Add(initializer, offset);
            offset += (initializer.Length + Alignment - 1) / Alignment * Alignment;
        }
    }

    private ProtoMessage Head() => new ProtoMessage()
        .Integer(OnnxFields.Model.IrVersion, IrVersion)
        .Text(OnnxFields.Model.ProducerName, OnnxMetadata.Producer)
        .Text(OnnxFields.Model.ProducerVersion, _metadata[OnnxMetadata.Version])
        .Message(
            OnnxFields.Model.OperatorSets,
            new ProtoMessage().Text(OnnxFields.OperatorSet.Domain, "").Integer(OnnxFields.OperatorSet.Version, _graph.OperatorSet))
        .Messages(OnnxFields.Model.Metadata, _metadata.Select(text => GraphMessages.OfEntry(text.Key, text.Value)));

    private ProtoMessage GraphHead() => new ProtoMessage()
        .Messages(OnnxFields.Graph.Node, _graph.Nodes.Select(GraphMessages.Of))
        .Text(OnnxFields.Graph.Name, "VisionTransformer");

    private ProtoMessage GraphTail() => new ProtoMessage()
        .Messages(OnnxFields.Graph.Input, _graph.Inputs.Select(GraphMessages.Of))
        .Messages(OnnxFields.Graph.Output, _graph.Outputs.Select(GraphMessages.Of));

    private ProtoMessage HeaderOf(GraphInitializer initializer)
    {
        var header = GraphMessages.HeaderOf(initializer);
        if (!_offsets.TryGetValue(initializer, out long offset))
            return header.Open(OnnxFields.Tensor.RawData, checked((int)initializer.Length));
        return header
            .Message(OnnxFields.Tensor.ExternalData, GraphMessages.OfEntry(OnnxFields.Tensor.Location, Path.GetFileName(_path) + DataSuffix))
            .Message(OnnxFields.Tensor.ExternalData, GraphMessages.OfEntry(OnnxFields.Tensor.Offset, offset.ToString(CultureInfo.InvariantCulture)))
            .Message(OnnxFields.Tensor.ExternalData, GraphMessages.OfEntry(OnnxFields.Tensor.Length, initializer.Length.ToString(CultureInfo.InvariantCulture)))
            .Integer(OnnxFields.Tensor.DataLocation, OnnxFields.Tensor.External);
    }

    private int DataInside(GraphInitializer initializer) => _offsets.ContainsKey(initializer) ? 0 : checked((int)initializer.Length);

    /// <summary>Bytes of a field of the graph with content of that length.</summary>
    private static long FieldLength(int content) =>
        CodedOutputStream.ComputeTagSize(OnnxFields.Graph.Initializer) + CodedOutputStream.ComputeLengthSize(content) + (long)content;

    private void WriteTensor(Stream stream, GraphInitializer initializer, byte[] header)
    {
        int inside = DataInside(initializer);
        stream.Write(new ProtoMessage().Open(OnnxFields.Graph.Initializer, header.Length + inside).ToArray());
        stream.Write(header);
        if (inside > 0)
            stream.Write(BytesOf(initializer));
    }

    private void WriteData(Stream stream)
    {
        foreach (var (initializer, offset) in _offsets)
        {
            stream.Position = offset;
            stream.Write(BytesOf(initializer));
        }
    }

    private static ReadOnlySpan<byte> BytesOf(GraphInitializer initializer)
    {
        var bytes = initializer.Bytes();
        return bytes.Length == initializer.Length
            ? bytes.Span
            : throw new InvalidOperationException($"{initializer.Name} has {bytes.Length} bytes; its shape requires {initializer.Length}.");
    }
}

/// <summary>Converts the records of a graph to Protocol Buffers messages; the field numbers are in <see cref="OnnxFields"/>.</summary>
internal static class GraphMessages
{
    internal static ProtoMessage Of(GraphNode node) => new ProtoMessage()
        .Texts(OnnxFields.Node.Input, node.Inputs)
        .Texts(OnnxFields.Node.Output, node.Outputs)
        .Text(OnnxFields.Node.Name, node.Name)
        .Text(OnnxFields.Node.Operator, node.Operator)
        .Messages(OnnxFields.Node.Attribute, node.Attributes.Select(Of));

    internal static ProtoMessage Of(GraphValue value)
    {
        var shape = new ProtoMessage().Messages(OnnxFields.Value.Dimension, value.Shape.Select(size => size.Name is { } name
            ? new ProtoMessage().Text(OnnxFields.Value.DimensionParameter, name)
            : new ProtoMessage().Integer(OnnxFields.Value.DimensionValue, size.Value)));
        var tensor = new ProtoMessage().Integer(OnnxFields.Value.ElementType, (long)value.Type).Message(OnnxFields.Value.Shape, shape);
        var type = new ProtoMessage().Message(OnnxFields.Value.TensorType, tensor);
        return new ProtoMessage().Text(OnnxFields.Value.Name, value.Name).Message(OnnxFields.Value.Type, type);
    }

    /// <summary>A tensor without its data.</summary>
    internal static ProtoMessage HeaderOf(GraphInitializer initializer) => new ProtoMessage()
        .Integers(OnnxFields.Tensor.Dimensions, initializer.Shape)
        .Integer(OnnxFields.Tensor.DataType, (long)initializer.Type)
        .Text(OnnxFields.Tensor.Name, initializer.Name);

    /// <summary>One entry of a dictionary.</summary>
    internal static ProtoMessage OfEntry(string key, string value) => new ProtoMessage().Text(OnnxFields.Entry.Key, key).Text(OnnxFields.Entry.Value, value);

    private static ProtoMessage Of(GraphAttribute attribute)
    {
        var message = new ProtoMessage().Text(OnnxFields.Attribute.Name, attribute.Name);
        return attribute.Value switch
        {
            long number => message.Integer(OnnxFields.Attribute.Integer, number).Integer(OnnxFields.Attribute.Type, OnnxFields.Attribute.IntegerType),
            float number => message.Float(OnnxFields.Attribute.Float, number).Integer(OnnxFields.Attribute.Type, OnnxFields.Attribute.FloatType),
            long[] values => message.Integers(OnnxFields.Attribute.Integers, values).Integer(OnnxFields.Attribute.Type, OnnxFields.Attribute.IntegersType),
            _ => throw new InvalidOperationException($"The attribute {attribute.Name} has the unsupported type {attribute.Value.GetType()}."),
        };
    }
}
