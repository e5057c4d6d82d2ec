// The parts of a graph as messages of the ONNX format.
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>One message for each record; <see cref="OnnxFields"/> has the numbers.</summary>
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

    /// <summary>A tensor up to its data.</summary>
    internal static ProtoMessage HeaderOf(GraphInitializer initializer) => new ProtoMessage()
        .Integers(OnnxFields.Tensor.Dimensions, initializer.Shape)
        .Integer(OnnxFields.Tensor.DataType, (long)initializer.Type)
        .Text(OnnxFields.Tensor.Name, initializer.Name);

    /// <summary>One text of a dictionary.</summary>
    internal static ProtoMessage OfEntry(string key, string value) => new ProtoMessage().Text(OnnxFields.Entry.Key, key).Text(OnnxFields.Entry.Value, value);

    private static ProtoMessage Of(GraphAttribute attribute)
    {
        var message = new ProtoMessage().Text(OnnxFields.Attribute.Name, attribute.Name);
        return attribute.Value switch
        {
            long number => message.Integer(OnnxFields.Attribute.Integer, number).Integer(OnnxFields.Attribute.Type, OnnxFields.Attribute.IntegerType),
            float number => message.Float(OnnxFields.Attribute.Float, number).Integer(OnnxFields.Attribute.Type, OnnxFields.Attribute.FloatType),
            long[] numbers => message.Integers(OnnxFields.Attribute.Integers, numbers).Integer(OnnxFields.Attribute.Type, OnnxFields.Attribute.IntegersType),
            _ => throw new InvalidOperationException($"The attribute {attribute.Name} is a {attribute.Value.GetType()}."),
        };
    }
}
