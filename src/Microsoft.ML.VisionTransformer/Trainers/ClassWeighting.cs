// Whether rare classes count more in training.
namespace Microsoft.ML.VisionTransformer;

/// <summary>How much the rows of a class weigh in the training loss, beside their own weights.</summary>
public enum ClassWeighting
{
    /// <summary>All rows the same.</summary>
    None,

    /// <summary>Rows / (classes x rows of the class): every class has the same weight in all, and the mean weight of a row is 1.</summary>
    Balanced,
}
