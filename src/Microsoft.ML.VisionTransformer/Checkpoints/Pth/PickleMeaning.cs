// What the Python names in a checkpoint stand for.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal enum PickleMeaning
{
    /// <summary>A function: storage, offset, sizes, strides to a tensor.</summary>
    Tensor,

    /// <summary>A function: a tensor to itself.</summary>
    Parameter,

    /// <summary>A type: a tuple of sizes to itself.</summary>
    Size,

    /// <summary>A type: a dict.</summary>
    Dictionary,

    /// <summary>A type of storage.</summary>
    Storage,

    /// <summary>A constant.</summary>
    NumberType,

    /// <summary>A type whose values are dropped: training options that some papers' files keep beside the weights.</summary>
    Ignored,
}
