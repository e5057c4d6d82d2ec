// A network whose embeddings are wanted, from a checkpoint or from ML.NET's zip.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <summary>Dispose it to free the weights.</summary>
internal sealed class Embedder : IImageScorer, IDisposable
{
    private readonly MLContext _context;
    private readonly ITransformer _model;
    private readonly InputColumns _columns;
    private readonly string _column;

    private Embedder(MLContext context, ITransformer model, InputColumns columns)
    {
        (_context, _model, _columns) = (context, model, columns);
        Dimension = MLNetModel.Parts(model).OfType<VisionTransformerFeatureTransformer>().First().Dimension;
        _column = Transform([]).Schema.Last(c => !c.IsHidden && c.Type is VectorDataViewType vector && vector.Size == Dimension).Name;
    }

    /// <summary>Numbers of an embedding.</summary>
    internal int Dimension { get; }

    /// <summary>Opens a model as it is, or a classifier or checkpoint with these options.</summary>
    /// <exception cref="InvalidDataException">It is broken, or has no network.</exception>
    internal static Embedder Open(MLContext context, string model, VisionTransformerFeatureOptions options)
    {
        if (!ModelKind.IsMLNet(model))
            return Make(context, options with { PretrainedModel = model });
        var (loaded, schema) = MLNetModel.Load(context, model);
        if (MLNetModel.Parts(loaded).OfType<VisionTransformerFeatureTransformer>().Any())
            return MLNetModel.Owned(loaded, () => new Embedder(context, loaded, InputColumns.Of(schema)));
        using var classifier = Classifier.Of(context, loaded, schema, model);
        return OfImages(context, classifier.Network.ToFeatureTransformer("Features", LabeledImage.ImageColumn, options));
    }

    /// <inheritdoc/>
    public float[][] Score(IReadOnlyList<string> paths) =>
        [.. Transform(paths.Select(path => new LabeledImage { Image = Path.GetFullPath(path) })).GetColumn<float[]>(_column)];

    /// <inheritdoc/>
    public string WhyMissing(InputImage image) => "it cannot be read";

    public void Dispose() => (_model as IDisposable)?.Dispose();

    private static Embedder Make(MLContext context, VisionTransformerFeatureOptions options)
    {
        var estimator = context.Transforms.VisionTransformerFeatures("Features", LabeledImage.ImageColumn, options);
        return OfImages(context, estimator.Fit(InputColumns.OfCheckpoint.Load(context, [])));
    }

    private static Embedder OfImages(MLContext context, VisionTransformerFeatureTransformer featurizer) =>
        MLNetModel.Owned(featurizer, () => new Embedder(context, featurizer, InputColumns.OfCheckpoint));

    private IDataView Transform(IEnumerable<LabeledImage> images) => _model.Transform(_columns.Load(_context, images));
}
