// A constant setting of a node.
namespace Microsoft.ML.VisionTransformer.Onnx;

/// <summary>A name and a value: a long, a float, or an array of longs.</summary>
internal readonly record struct GraphAttribute(string Name, object Value)
{
    public static implicit operator GraphAttribute((string Name, long Value) attribute) => new(attribute.Name, attribute.Value);

    public static implicit operator GraphAttribute((string Name, float Value) attribute) => new(attribute.Name, attribute.Value);

    public static implicit operator GraphAttribute((string Name, long[] Value) attribute) => new(attribute.Name, attribute.Value);
}
