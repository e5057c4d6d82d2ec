// Rotary position embedding over a grid of patches: what there is to choose.
namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Rotary position embedding (arXiv:2104.09864) over rows and columns of the patch grid: pairs of each head's queries and keys are turned by angles that grow
/// with the patch's position; class, distillation and register tokens are left as they are. Needs heads whose width is divisible by 4.
/// </summary>
public sealed record RotaryEmbedding
{
    /// <summary>Which pairs are turned, and by what angles. Default EVA-02's.</summary>
    public RotaryLayout Layout { get; init; } = RotaryLayout.Eva02;

    /// <summary>Base of the geometric series of periods. Default 10,000 (DINOv3: 100).</summary>
    public double Temperature { get; init; } = 10_000;

    /// <summary>
    /// EVA-02: the grid of the pre-training; positions on another grid are scaled to it. Null: positions are not scaled. DINOv3 ignores it: its positions
    /// lie in [-1, 1] on every grid.
    /// </summary>
    public ImageDimensions? ReferenceGrid { get; init; }
}

/// <summary>Which pairs a rotary embedding turns, and by what angles.</summary>
public enum RotaryLayout
{
    /// <summary>
    /// Neighbouring values form a pair; the first half of a head follows the row, the second the column; whole positions, scaled to the reference grid
    /// (EVA-02, arXiv:2303.11331).
    /// </summary>
    Eva02,

    /// <summary>
    /// Values a half of the head apart form a pair; positions are patch centres in [-1, 1] along each axis, angles 2 pi position / period (DINOv3,
    /// arXiv:2508.10104).
    /// </summary>
    Dinov3,
}
