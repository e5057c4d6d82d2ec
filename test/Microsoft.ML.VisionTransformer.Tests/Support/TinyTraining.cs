// A network and options with which training takes a second.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Architecture;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class TinyTraining
{
    internal static VisionTransformerArchitecture Architecture => TinyOptions.Architecture;

    /// <summary>Parameters of a network of that architecture.</summary>
    internal static int Parameters => Architecture.Parameters().Count();

    internal static VisionTransformerTrainer.Options Options(int epochs = 1) => TinyOptions.Make(epochs);

    internal static IDataView Data(MLContext context, int perClass = 8, int seed = 7) => context.Data.LoadFromEnumerable(ColoredSamples.Make(perClass, seed));

    internal static EstimatorChain<VisionTransformerPredictionTransformer> Pipeline(MLContext context, VisionTransformerTrainer.Options? options = null) =>
        context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.MulticlassClassification.Trainers.VisionTransformer(options ?? Options()));

    internal static TransformerChain<VisionTransformerPredictionTransformer> Train(MLContext context, IDataView data, VisionTransformerTrainer.Options? options = null) =>
        Pipeline(context, options).Fit(data);

    /// <summary>The scores of all rows.</summary>
    internal static float[][] Scores(IDataView scored) => [.. scored.GetColumn<float[]>("Score")];

    internal static string SavedModel(TemporaryFolder folder, MLContext context, ITransformer model, DataViewSchema schema)
    {
        string path = folder.File("model.zip");
        context.Model.Save(model, schema, path);
        return path;
    }
}

/// <summary>The output of a prediction engine.</summary>
internal sealed class Prediction
{
    public float[] Score { get; set; } = [];

    public uint PredictedLabel { get; set; }
}
