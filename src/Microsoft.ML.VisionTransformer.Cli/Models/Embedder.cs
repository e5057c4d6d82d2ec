// Computes embeddings of images with a network from a checkpoint or an ML.NET model.zip.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <summary>Dispose it to free the weights.</summary>
internal sealed class Embedder : IImageScorer, IDisposable
{
    private readonly MLContext _mlContext;
    private readonly ITransformer _model;
    private readonly InputColumns _columns;
    private readonly string _column;

    private Embedder(MLContext mlContext, ITransformer model, InputColumns columns)
    {
        (_mlContext, _model, _columns) = (mlContext, model, columns);
        Dimension = MLNetModel.Parts(model).OfType<VisionTransformerFeatureTransformer>().First().Dimension;
        _column = Transform([]).Schema.Last(c => !c.IsHidden && c.Type is VectorDataViewType vector && vector.Size == Dimension).Name;
    }

    /// <summary>Length of an embedding.</summary>
    internal int Dimension { get; }

    /// <summary>Opens a featurizer as it is, or a classifier or checkpoint with these options.</summary>
    /// <exception cref="InvalidDataException">The model is corrupt, or contains no Vision Transformer.</exception>
    internal static Embedder Open(MLContext mlContext, string model, VisionTransformerFeatureOptions options)
    {
        if (!ModelKind.IsMLNet(model))
            return Create(mlContext, options with { PretrainedModel = model });
        var (loaded, schema) = MLNetModel.Load(mlContext, model);
        if (MLNetModel.Parts(loaded).OfType<VisionTransformerFeatureTransformer>().Any())
            return MLNetModel.Owned(loaded, () => new Embedder(mlContext, loaded, InputColumns.Of(schema)));
        using var classifier = Classifier.Of(mlContext, loaded, schema, model);
        return OfImages(mlContext, classifier.Network.ToFeatureTransformer("Features", LabeledImage.ImageColumn, options));
    }

    /// <inheritdoc/>
    public float[][] Score(IReadOnlyList<string> paths) =>
        [.. Transform(paths.Select(path => new LabeledImage { Image = Path.GetFullPath(path) })).GetColumn<float[]>(_column)];

    /// <inheritdoc/>
    public string ReasonForMissingScores(InputImage image) => "it cannot be read";

    public void Dispose() => (_model as IDisposable)?.Dispose();

    private static Embedder Create(MLContext mlContext, VisionTransformerFeatureOptions options)
    {
        var estimator = mlContext.Transforms.VisionTransformerFeatures("Features", LabeledImage.ImageColumn, options);
        return OfImages(mlContext, estimator.Fit(InputColumns.OfCheckpoint.Load(mlContext, [])));
    }

    private static Embedder OfImages(MLContext mlContext, VisionTransformerFeatureTransformer featurizer) =>
        MLNetModel.Owned(featurizer, () => new Embedder(mlContext, featurizer, InputColumns.OfCheckpoint));

    private IDataView Transform(IEnumerable<LabeledImage> images) => _model.Transform(_columns.Load(_mlContext, images));
}
