// The calls a pickle may ask for, each answered by building a value.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class PickleCalls
{
    /// <summary>A function with its arguments.</summary>
    internal static void Reduce(PickleBytes bytes, PickleStack stack)
    {
        var arguments = stack.Pop<PickleTuple>("tuple of arguments");
        var function = stack.Pop<PickleGlobal>("function");
        stack.Push((function.Meaning, arguments.Items) switch
        {
            (PickleMeaning.Tensor, _) => PickledTensor.From(arguments, bytes),
            (PickleMeaning.Parameter, [PickledTensor tensor, bool, _]) => tensor,
            (PickleMeaning.Size, [PickleTuple sizes]) => sizes,
            (PickleMeaning.Dictionary, []) => new PickleDictionary(),
            _ => throw Unfit(function, bytes),
        });
    }

    /// <summary>A new object of a type.</summary>
    internal static void NewObject(PickleBytes bytes, PickleStack stack)
    {
        var arguments = stack.Pop<PickleTuple>("tuple of arguments");
        var type = stack.Pop<PickleGlobal>("type");
        stack.Push((type.Meaning, arguments.Items) switch
        {
            (PickleMeaning.Dictionary, []) => new PickleDictionary(),
            (PickleMeaning.Ignored, []) => new PickleIgnored(),
            _ => throw Unfit(type, bytes),
        });
    }

    /// <summary>
    /// Attributes for the object below them, which are dropped: the versions that a state dict keeps of its modules, and the values of ignored objects.
    /// </summary>
    internal static void Build(PickleBytes bytes, PickleStack stack)
    {
        stack.Pop<PickleDictionary>("dict of attributes");
        if (stack.Peek() is not (PickleDictionary or PickleIgnored))
            throw bytes.Fail("attributes are set on something that has none");
    }

    private static InvalidCheckpointException Unfit(PickleGlobal called, PickleBytes bytes) =>
        bytes.Fail($"{called.Name} is called in a way that no checkpoint needs and is refused", PickleGlobal.Advice);
}
