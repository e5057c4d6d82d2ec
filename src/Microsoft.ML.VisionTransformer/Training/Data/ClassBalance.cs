// Lets classes weigh more or less in training.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Training.Plan;

namespace Microsoft.ML.VisionTransformer.Training.Data;

internal static class ClassBalance
{
    /// <summary>The rows with their weights times those of their classes.</summary>
    /// <param name="rows">Training rows; validation rows keep their weights.</param>
    /// <param name="factors">What <see cref="Factors"/> gives.</param>
    internal static TrainingRow[] Apply(TrainingRow[] rows, double[]? factors) =>
        factors is null ? rows : [.. rows.Select(row => row with { Weight = (float)(row.Weight * factors[row.Class]) })];

    /// <summary>What the weights of each class are multiplied by; null where classes weigh the same.</summary>
    /// <param name="rows">Training rows.</param>
    /// <param name="plan">How classes weigh.</param>
    /// <param name="names">The classes, by number.</param>
    internal static double[]? Factors(TrainingRow[] rows, TrainingPlan plan, IReadOnlyList<string> names) =>
        plan.ClassWeights is not null ? [.. names.Select(name => (double)plan.ClassWeights[name])]
        : plan.ClassWeighting == ClassWeighting.Balanced ? Balanced(rows, names.Count)
        : null;

    /// <summary>As scikit-learn has it, with weights in the place of counts; a class without rows gets 0.</summary>
    private static double[] Balanced(TrainingRow[] rows, int classes)
    {
        double[] sums = new double[classes];
        foreach (var row in rows)
            sums[row.Class] += row.Weight;
        double all = sums.Sum();
        int present = sums.Count(sum => sum > 0);
        return [.. sums.Select(sum => sum > 0 ? all / (present * sum) : 0)];
    }

    /// <summary>Checks that given weights are for the classes of the label.</summary>
    /// <exception cref="ArgumentException">They are for classes that are not there, or not for all.</exception>
    internal static void CheckNames(IReadOnlyDictionary<string, float>? given, IReadOnlyList<string> names)
    {
        if (given is null)
            return;
        const string Option = nameof(VisionTransformerTrainer.Options.ClassWeights);
        string[] missing = [.. names.Where(name => !given.ContainsKey(name))], unknown = [.. given.Keys.Except(names)];
        Guard.That(
            missing.Length == 0 && unknown.Length == 0,
            Option,
            $"{Option} must have the classes of the label: {(missing.Length > 0 ? $"{Listed(missing)} missing" : "")}{(missing.Length > 0 && unknown.Length > 0 ? ", " : "")}{(unknown.Length > 0 ? $"{Listed(unknown)} not among them" : "")}.");
    }

    private static string Listed(string[] names) => $"{MessageText.List(names, most: 5, quote: "'")} {(names.Length == 1 ? "is" : "are")}";
}
