// What a strategy does where the user leaves the choice to it.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// From scratch: DeiT (arXiv:2012.12877, table 9). Fine-tuning: AdamW with layer-wise decay as in BEiT (arXiv:2106.08254, appendix) and MAE (arXiv:2111.06377, table
/// 9), with the few epochs and the mild crops that small data sets want (arXiv:2106.10270, section 4.5).
/// </summary>
internal sealed record StrategyDefaults(
    int Epochs,
    int BatchSize,
    float LearningRate,
    float MinimumLearningRate,
    float LayerDecay,
    float HeadRateFactor,
    float RandomCropMinimumArea,
    float DropPathRate)
{
    private static readonly StrategyDefaults _fromScratch = new(
        Epochs: 50, BatchSize: 32, LearningRate: 5e-4f, MinimumLearningRate: 1e-5f, LayerDecay: 1, HeadRateFactor: 1, RandomCropMinimumArea: 0.08f, DropPathRate: 0);

    private static readonly StrategyDefaults _fineTune = new(
        Epochs: 8, BatchSize: 16, LearningRate: 1e-4f, MinimumLearningRate: 1e-6f, LayerDecay: 0.75f, HeadRateFactor: 10, RandomCropMinimumArea: 0.5f, DropPathRate: 0.1f);

    /// <summary>Steps of the optimiser over features; the rest is for the one pass over the images, or does not matter.</summary>
    private static readonly StrategyDefaults _linearProbe = _fineTune with { Epochs = 100 };

    /// <summary>The defaults of a strategy.</summary>
    internal static StrategyDefaults Of(TrainingStrategy strategy) => strategy switch
    {
        TrainingStrategy.FromScratch => _fromScratch,
        TrainingStrategy.LinearProbe => _linearProbe,
        _ => _fineTune,
    };

    /// <summary>A tenth of the epochs, at most 5; from pretrained weights one.</summary>
    internal float WarmupEpochs(int epochs) => this == _fromScratch ? Math.Min(5, epochs / 10f) : Math.Min(1, epochs / 2f);
}
