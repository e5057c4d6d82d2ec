// Weights of classes in the training loss.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Training.Plan;

namespace Microsoft.ML.VisionTransformer.Training.Data;

internal static class ClassBalance
{
    /// <summary>The rows, with their weights multiplied by the factors of their classes.</summary>
    /// <param name="rows">Training rows; validation rows keep their weights.</param>
    /// <param name="factors">The result of <see cref="Factors"/>.</param>
    internal static TrainingRow[] Apply(TrainingRow[] rows, double[]? factors) =>
        factors is null ? rows : [.. rows.Select(row => row with { Weight = (float)(row.Weight * factors[row.Class]) })];

    /// <summary>The weight factor of each class; null if all classes weigh the same.</summary>
    /// <param name="rows">Training rows.</param>
    /// <param name="plan">Settings of the class weights.</param>
    /// <param name="names">The class names, by index.</param>
    internal static double[]? Factors(TrainingRow[] rows, TrainingPlan plan, IReadOnlyList<string> names) =>
        plan.ClassWeights is not null ? [.. names.Select(name => (double)plan.ClassWeights[name])]
        : plan.ClassWeighting == ClassWeighting.Balanced ? Balanced(rows, names.Count)
        : null;

    /// <summary>scikit-learn's formula, with weights instead of counts; a class without rows gets 0.</summary>
    private static double[] Balanced(TrainingRow[] rows, int classes)
    {
        double[] sums = new double[classes];
        foreach (var row in rows)
            sums[row.Class] += row.Weight;
        double all = sums.Sum();
        int present = sums.Count(sum => sum > 0);
        return [.. sums.Select(sum => sum > 0 ? all / (present * sum) : 0)];
    }

    /// <summary>Checks that the given weights match the classes of the label.</summary>
    /// <exception cref="ArgumentException">A class has no weight, or a weight has no class.</exception>
    internal static void CheckNames(IReadOnlyDictionary<string, float>? given, IReadOnlyList<string> names)
    {
        if (given is null)
            return;
        const string Option = nameof(VisionTransformerTrainer.Options.ClassWeights);
        string[] missing = [.. names.Where(name => !given.ContainsKey(name))], unknown = [.. given.Keys.Except(names)];
        Guard.That(
            missing.Length == 0 && unknown.Length == 0,
            Option,
            $"{Option} must have exactly the classes of the label: {(missing.Length > 0 ? $"{Listed(missing)} missing" : "")}{(missing.Length > 0 && unknown.Length > 0 ? ", " : "")}{(unknown.Length > 0 ? $"{Listed(unknown)} not among them" : "")}.");
    }

    private static string Listed(string[] names) => $"{MessageText.List(names, most: 5, quote: "'")} {(names.Length == 1 ? "is" : "are")}";
}
