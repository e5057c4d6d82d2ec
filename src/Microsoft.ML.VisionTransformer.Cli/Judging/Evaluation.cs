// How well a model does on labelled images.

namespace Microsoft.ML.VisionTransformer.Cli.Judging;

/// <summary>The figures of ML.NET's <c>MulticlassClassification.Evaluate</c>, under its names. Shares are in [0, 1]; a class without images has no recall (NaN).</summary>
internal sealed class Evaluation
{
    /// <summary>ML.NET's floor for a probability in a logarithm.</summary>
    private const double LeastProbability = 1e-15;

    private Evaluation(IReadOnlyList<string> classes, IReadOnlyList<JudgedImage> images)
    {
        (ClassNames, Images) = (classes, images);
        Confusion = new int[classes.Count, classes.Count];
        foreach (var image in images)
            Confusion[image.Label, image.Predicted]++;
        MicroAccuracy = images.Average(image => image.Predicted == image.Label ? 1.0 : 0.0);
        MacroAccuracy = Enumerable.Range(0, classes.Count).Select(Recall).Where(recall => !double.IsNaN(recall)).Average();
        LogLoss = images.Average(image => -Math.Log(Math.Max(LeastProbability, image.Probabilities[image.Label])));
    }

    internal IReadOnlyList<string> ClassNames { get; }

    internal IReadOnlyList<JudgedImage> Images { get; }

    /// <summary>Images by true class, then by predicted class.</summary>
    internal int[,] Confusion { get; }

    /// <summary>Share of right answers.</summary>
    internal double MicroAccuracy { get; }

    /// <summary>Mean of the classes' recalls.</summary>
    internal double MacroAccuracy { get; }

    /// <summary>Mean cross-entropy, in nats.</summary>
    internal double LogLoss { get; }

    /// <exception cref="InvalidDataException">There is no image to judge on.</exception>
    internal static Evaluation Of(IReadOnlyList<string> classes, IReadOnlyList<JudgedImage> images) =>
        images.Count > 0 ? new Evaluation(classes, images) : throw new InvalidDataException("There is no image to judge the model on.");

    /// <summary>Images of that class.</summary>
    internal int Count(int label) => Enumerable.Range(0, ClassNames.Count).Sum(predicted => Confusion[label, predicted]);

    /// <summary>Share of the class's images that were found.</summary>
    internal double Recall(int label) => (double)Confusion[label, label] / Count(label);

    /// <summary>Share of right answers among those that said the class; NaN where none did.</summary>
    internal double Precision(int label) => (double)Confusion[label, label] / Enumerable.Range(0, ClassNames.Count).Sum(truth => Confusion[truth, label]);
}
