// Keeps a copy of the weights of the best epoch so far.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Best means the highest validation accuracy; of equal ones the lower loss.</summary>
internal sealed class BestWeights(FlatParameters parameters) : IDisposable
{
    private (double Accuracy, double NegativeLoss) _best = (double.NegativeInfinity, double.NegativeInfinity);
    private Tensor? _copy;

    /// <summary>Number of the best epoch; 0 before any was offered.</summary>
    internal int Epoch { get; private set; }

    /// <summary>Copies the weights if this epoch is better than all before.</summary>
    internal void Offer(int epoch, double accuracy, double loss)
    {
        var figures = (accuracy, -loss);
        if (figures.CompareTo(_best) <= 0)
            return;
        _best = figures;
        Epoch = epoch;
        using var mode = no_grad();
        if (_copy is null)
            _copy = parameters.Values.clone();
        else
            _copy.copy_(parameters.Values);
    }

    /// <summary>Puts the best epoch's weights back into the network.</summary>
    internal void Restore()
    {
        using var mode = no_grad();
        if (_copy is not null)
            parameters.Values.copy_(_copy);
    }

    public void Dispose() => _copy?.Dispose();
}
