// Keys that keep the random streams of one run apart.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>What a stream is for: the second key, after the seed.</summary>
internal enum RandomPurpose
{
    /// <summary>Which rows validate; no further key.</summary>
    Split = 101,

    /// <summary>Order of the rows; further key: epoch.</summary>
    Order = 102,

    /// <summary>Augmentation; further keys: epoch, row.</summary>
    Augmentation = 103,

    /// <summary>Masks of dropout and stochastic depth; further key: step.</summary>
    Noise = 104,

    /// <summary>Which rows a fold of cross-validation leaves out; no further key.</summary>
    Folds = 105,

    /// <summary>Mixup and cutmix; further keys: epoch, batch of the epoch.</summary>
    Mixing = 106,
}
