// What must be the same for a run to go on from a checkpoint.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.VisionTransformer.Checkpoints;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Options and data of a run, each under the name that the user knows. The seed is not among them: a run that goes on keeps its own.</summary>
internal static class RunIdentity
{
    /// <summary>The identity of a run.</summary>
    internal static SortedDictionary<string, string> Of(TrainingPlan plan, IReadOnlyList<string> classes, TrainingRow[] training, TrainingRow[] validation)
    {
        var identity = Common(plan, classes, training, validation);
        // Not where it is the default: checkpoints from before there was such an option stay good.
        if (plan.RateScaling != LearningRateScaling.None)
            identity["DistributedLearningRate"] = $"{plan.RateScaling}";
        return identity;
    }

    private static SortedDictionary<string, string> Common(TrainingPlan plan, IReadOnlyList<string> classes, TrainingRow[] training, TrainingRow[] validation) => new(StringComparer.Ordinal)
    {
        ["Strategy"] = plan.Strategy.ToString(),
        ["PretrainedModel"] = plan.Pretrained ?? "none",
        ["Arch"] = Json(plan.Architecture),
        ["Preprocessing"] = Json(plan.Preprocessing),
        ["Epoch"] = Text(plan.Epochs),
        ["BatchSize"] = Text(plan.BatchSize),
        ["GradientAccumulation"] = Text(plan.GradientAccumulation),
        ["Optimizer"] = $"{plan.Optimizer}",
        ["Momentum"] = Text(plan.Momentum),
        ["Beta2"] = Text(plan.Beta2),
        ["Nesterov"] = plan.Nesterov.ToString(),
        ["LearningRate"] = Text(plan.LearningRate),
        ["LearningRateSchedule"] = $"{plan.Schedule}",
        ["MinimumLearningRate"] = Text(plan.MinimumLearningRate),
        ["WarmupEpochs"] = Text(plan.WarmupEpochs),
        ["WeightDecay"] = Text(plan.WeightDecay),
        ["LayerDecay"] = Text(plan.LayerDecay),
        ["HeadLearningRateFactor"] = Text(plan.HeadRateFactor),
        ["InitializeHeadByProbe"] = plan.ProbesHead.ToString(),
        ["FrozenBlocks"] = Text(plan.FrozenBlocks),
        ["LabelSmoothing"] = Text(plan.LabelSmoothing),
        ["ClipGradientNorm"] = Text(plan.ClipGradientNorm),
        ["EmaDecay"] = Text(plan.EmaDecay),
        ["EmaWarmup"] = plan.EmaWarmup.ToString(),
        ["Precision"] = $"{plan.Precision}",
        ["Augmentation"] = Json(plan.Augmentation),
        ["the classes"] = Hash(classes),
        ["the number of training rows"] = Text(training.Length),
        ["the number of validation rows"] = Text(validation.Length),
        ["labels or weights of the training rows"] = Hash(training.Select(row => Text(row.Class) + " " + Text(row.Weight))),
        ["labels or weights of the validation rows"] = Hash(validation.Select(row => Text(row.Class) + " " + Text(row.Weight))),
    };

    /// <summary>An identity with the batch size of another.</summary>
    internal static IReadOnlyDictionary<string, string> WithBatchSizeOf(IReadOnlyDictionary<string, string> other, IReadOnlyDictionary<string, string> identity) =>
        new Dictionary<string, string>(identity, StringComparer.Ordinal) { ["BatchSize"] = other["BatchSize"] };

    /// <summary>What differs, in words; empty where nothing does.</summary>
    internal static IReadOnlyList<string> Differences(IReadOnlyDictionary<string, string> was, IReadOnlyDictionary<string, string> now)
    {
        const int Readable = 40;
        return
        [
            .. was.Keys.Union(now.Keys).Where(key => was.GetValueOrDefault(key) != now.GetValueOrDefault(key)).Select(key =>
                was.TryGetValue(key, out string? old) && now.TryGetValue(key, out string? value) && old.Length <= Readable && value.Length <= Readable
                    ? $"{key} was {old} and is {value}"
                    : $"{key}"),
        ];
    }

    private static string Json<T>(T value) => Encoding.UTF8.GetString(ModelJson.Write(value));

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>Long, so that no message shows it.</summary>
    private static string Hash(IEnumerable<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string text in texts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            hash.AppendData([0]);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
