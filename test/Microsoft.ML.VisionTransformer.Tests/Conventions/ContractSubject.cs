// The table of all estimators, transformers and data views whose contract is tested; add new ones here.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

/// <summary>The inputs from which a subject is created.</summary>
/// <param name="Context">With a seed.</param>
/// <param name="Pretrained">A folder with a small network and its three classes.</param>
/// <param name="Model">A trained model that others may use.</param>
internal sealed record ContractParts(MLContext Context, string Pretrained, VisionTransformerPredictionTransformer Model);

/// <summary>A model that a subject created, and the owner of its memory.</summary>
/// <param name="Transformer">The model.</param>
/// <param name="Owner">The object that its user disposes.</param>
internal sealed record MadeModel(ITransformer Transformer, IDisposable Owner) : IDisposable
{
    public void Dispose() => Owner.Dispose();
}

/// <summary>An estimator with its model, or a model that is loaded. Images are in the column Image.</summary>
/// <param name="Name">In the names of the tests.</param>
/// <param name="Outputs">The columns that the model adds.</param>
/// <param name="Estimator">Makes the estimator, given what it is to use; null where the model is loaded.</param>
/// <param name="Load">Loads the model; null where an estimator makes it.</param>
internal sealed record ContractSubject(
    string Name,
    string[] Outputs,
    Func<ContractParts, IEstimator<ITransformer>>? Estimator = null,
    Func<ContractParts, ITransformer>? Load = null)
{
    /// <summary>All estimators and models of the library.</summary>
    internal static IReadOnlyList<ContractSubject> All { get; } =
    [
        new("trainer from scratch", Scores, p => Trainer(p, TrainingStrategy.FromScratch)) { TrainingColumns = ["Image", "Label"] },
        new("trainer with weights of rows", Scores, p => Trainer(p, TrainingStrategy.FromScratch, weight: "Weight")) { TrainingColumns = ["Image", "Label", "Weight"] },
        new("trainer that fine-tunes", Scores, p => Trainer(p, TrainingStrategy.FineTune, InvalidImageHandling.Missing)) { TrainingColumns = ["Image", "Label"] },
        new("trainer of a linear probe", Scores, p => Trainer(p, TrainingStrategy.LinearProbe)) { TrainingColumns = ["Image", "Label"] },
        new("loaded classifier", Scores, Load: p => p.Context.Model.LoadVisionTransformer(p.Pretrained, options: new() { Device = "cpu", OnInvalidImage = InvalidImageHandling.Missing })),
        new("features", ["Features"], p => Features(p, InvalidImageHandling.Throw)),
        new("features with missing values", ["Features"], p => Features(p, InvalidImageHandling.Missing)),
        new("gradient attention", ["Map"], p => p.Context.Transforms.VisionTransformerExplanation("Map", "Image", p.Model)) { UsesModel = true },
        new("attention rollout", ["Map"], p => p.Context.Transforms.VisionTransformerExplanation("Map", "Image", p.Model, ExplanationMethod.Rollout)) { UsesModel = true },
    ];

    /// <summary>The columns that Fit requires.</summary>
    internal string[] TrainingColumns { get; private init; } = ["Image"];

    /// <summary>Whether it computes with <see cref="ContractParts.Model"/>, which stays the caller's; such a column is not saved.</summary>
    internal bool UsesModel { get; private init; }

    private static string[] Scores => ["PredictedLabel", "Score"];

    /// <summary>Makes the model, with a model of its own where it uses one.</summary>
    internal MadeModel Make(ContractParts parts, IDataView data)
    {
        if (!UsesModel)
        {
            var transformer = Load is { } load ? load(parts) : Estimator!(parts).Fit(data);
            return new(transformer, (IDisposable)transformer);
        }

        var model = parts.Context.Model.LoadVisionTransformer(parts.Pretrained, options: new() { Device = "cpu" });
        return new(Estimator!(parts with { Model = model }).Fit(data), model);
    }

    public override string ToString() => Name;

    private static VisionTransformerTrainer Trainer(ContractParts parts, TrainingStrategy strategy, InvalidImageHandling handling = InvalidImageHandling.Throw, string? weight = null)
    {
        var options = TinyOptions.Make();
        (options.Strategy, options.Device, options.OnInvalidImageInPrediction, options.ExampleWeightColumnName) = (strategy, "cpu", handling, weight);
        options.PretrainedModel = strategy == TrainingStrategy.FromScratch ? null : parts.Pretrained;
        return parts.Context.MulticlassClassification.Trainers.VisionTransformer(options);
    }

    private static VisionTransformerFeatureEstimator Features(ContractParts parts, InvalidImageHandling handling) =>
        parts.Context.Transforms.VisionTransformerFeatures("Features", "Image", new() { PretrainedModel = parts.Pretrained, Device = "cpu", OnInvalidImage = handling });
}

/// <summary>A data view of the library that is not the output of a model.</summary>
/// <param name="Name">In the names of the tests.</param>
/// <param name="Make">Makes the view of rows, or of a folder with images.</param>
/// <param name="Rows">How many rows it has, of a number of rows or images.</param>
internal sealed record ContractView(string Name, Func<MLContext, IDataView, string, IDataView> Make, Func<int, int> Rows)
{
    /// <summary>All of them.</summary>
    internal static IReadOnlyList<ContractView> All { get; } =
    [
        new("images of a folder", (context, _, folder) => context.Data.LoadImagesFromFolder(folder), images => images),
        new("shard of rows", (context, rows, _) => context.Data.ShardRows(rows, rank: 1, size: 3), rows => rows / 3),
    ];
}
