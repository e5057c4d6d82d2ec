// The head that a linear probe finds, as fine-tuning's start.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

internal static class ProbedHead
{
    /// <summary>Steps of the optimiser; it seldom needs them all.</summary>
    private const int Iterations = 100;

    /// <summary>
    /// Fits a head to the features of the rows and gives it to the network. Fine-tuning that begins with a head that knows nothing first spoils the features; one
    /// that begins here keeps them (Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution", arXiv:2202.10054).
    /// </summary>
    internal static void Give(TrainingPlan plan, TrainingRow[] rows, VisionTransformerNetwork network, FeaturePass pass, TrainingReport report, Action checkAlive, TrainingTeam team)
    {
        using var features = pass.Over(rows, report);
        var check = team.IsMany ? () => { } : checkAlive;
        double penalty = team.OfMain([PenaltyChoice.For(features, plan.Seed, check)])[0];
        Set(network, team.OfMain(new LogisticRegression(features, penalty).Fit(null, Iterations, report: (_, _) => check())));
    }

    /// <summary>Gives a head to the network; DeiT's second head gets the same, since the features are the mean of both tokens.</summary>
    /// <exception cref="InvalidOperationException">A weight is not finite.</exception>
    internal static void Set(VisionTransformerNetwork network, double[] head)
    {
        if (!Array.TrueForAll(head, value => float.IsFinite((float)value)))
        {
            throw new InvalidOperationException(
                "The linear probe diverges: weights of the head are not finite in 32-bit floats. Raise ProbePenalty; where the column holds pixels, check that they are scaled to about -1..1.");
        }

        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var (weight, bias) = LogisticRegression.Split(head, network.Architecture.Classes, network.Architecture.FeatureDimension);
        foreach (var (name, parameter) in network.named_parameters())
        {
            if (name is "head.weight" or "head_dist.weight")
                parameter.copy_(weight);
            else if (name is "head.bias" or "head_dist.bias")
                parameter.copy_(bias);
        }
    }
}
