// Which rule moves the weights along their gradients.
namespace Microsoft.ML.VisionTransformer;

/// <summary>The optimiser of a training run.</summary>
public enum TrainingOptimizer
{
    /// <summary>Adam with decoupled weight decay (arXiv:1711.05101), what Vision Transformers are usually trained with.</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum, as the fine-tuning of arXiv:2010.11929 (appendix B.1.1).</summary>
    Sgd,
}
