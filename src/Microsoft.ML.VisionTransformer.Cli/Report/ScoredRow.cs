// An image with its true class and what the model made of it.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal sealed record ScoredRow
{
    /// <summary>What the report calls the image, such as its path below the data folder: the report may be sent to others.</summary>
    public required string Name { get; init; }

    /// <summary>The image file, where <see cref="Content"/> is null. Read only for the rows that are shown.</summary>
    public string? Path { get; init; }

    /// <summary>The content of the image file; null takes <see cref="Path"/>.</summary>
    public byte[]? Content { get; init; }

    /// <summary>Index (from 0) of the true class.</summary>
    public required int Label { get; init; }

    /// <summary>Probability of each class, in the order of the class names.</summary>
    public required float[] Probabilities { get; init; }
}
