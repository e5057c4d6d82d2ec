// An image classifier, loaded from an ML.NET model.zip or from a checkpoint with a classification head.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <summary>Scores image files with any pipeline that contains the network. Dispose it to free the weights.</summary>
internal sealed class Classifier : IImageScorer, IDisposable
{
    private readonly MLContext _mlContext;
    private readonly ITransformer _model;
    private readonly InputColumns _columns;

    private Classifier(MLContext mlContext, ITransformer model, VisionTransformerPredictionTransformer network, InputColumns columns)
    {
        (_mlContext, _model, _columns, Network) = (mlContext, model, columns, network);
        ScoreColumn = FindScoreColumn();
        Classes = new ModelClasses(network.ClassNames);
    }

    /// <summary>The transformer that contains the network.</summary>
    internal VisionTransformerPredictionTransformer Network { get; }

    internal ITransformer Chain => _model;

    internal ModelClasses Classes { get; }

    internal InputColumns Columns => _columns;

    /// <summary>The name of the output column with one score per class.</summary>
    internal string ScoreColumn { get; }

    /// <summary>Opens a model: an ML.NET model.zip, a checkpoint file or folder, or a hub name owner/name.</summary>
    /// <exception cref="InvalidDataException">The model is corrupt, or contains no Vision Transformer classifier.</exception>
    internal static Classifier Open(MLContext mlContext, string model)
    {
        if (!ModelKind.IsMLNet(model))
        {
            var network = mlContext.Model.LoadVisionTransformer(model, LabeledImage.ImageColumn);
            return MLNetModel.Owned(network, () => new Classifier(mlContext, network, network, InputColumns.OfCheckpoint));
        }

        var (loaded, schema) = MLNetModel.Load(mlContext, model);
        return Of(mlContext, loaded, schema, model);
    }

    /// <summary>Wraps a chain of transformers and takes ownership of it; disposes the chain if it contains no classifier.</summary>
    internal static Classifier Of(MLContext mlContext, ITransformer model, DataViewSchema? input, string name) => MLNetModel.Owned(model, () =>
    {
        var network = MLNetModel.Parts(model).OfType<VisionTransformerPredictionTransformer>().FirstOrDefault() ?? throw new InvalidDataException(
            $"{name} contains no Vision Transformer classifier; it contains {string.Join(", ", MLNetModel.Parts(model).Select(part => part.GetType().Name))}.");
        return new Classifier(mlContext, model, network, InputColumns.Of(input));
    });

    /// <summary>Scores images lazily.</summary>
    internal IDataView Transform(IEnumerable<LabeledImage> images) => _model.Transform(Data(images));

    /// <inheritdoc/>
    public float[][] Score(IReadOnlyList<string> paths) =>
        [.. Transform(paths.Select(path => new LabeledImage { Image = Path.GetFullPath(path) })).GetColumn<float[]>(ScoreColumn)];

    /// <inheritdoc/>
    public string ReasonForMissingScores(InputImage image) => ReadableImage.Problem(image.Path, Network.Preprocessing) ?? "the model returns no scores for it";

    public void Dispose() => (_model as IDisposable)?.Dispose();

    private IDataView Data(IEnumerable<LabeledImage> images) => _columns.Load(_mlContext, images);

    /// <summary>The name of the numeric vector column with one element per class; "Score" if there are several.</summary>
    private string FindScoreColumn()
    {
        var schema = Transform([]).Schema;
        return schema.Where(c => !c.IsHidden && c.Type is VectorDataViewType { ItemType: NumberDataViewType } vector && vector.Size == Network.ClassNames.Count)
            .Select(c => c.Name).OrderByDescending(name => name == "Score").FirstOrDefault()
            ?? throw new InvalidDataException($"The model has no output column with {Network.ClassNames.Count} scores; its columns are {string.Join(", ", schema.Select(c => c.Name))}.");
    }
}
