// A model that classifies, from ML.NET's zip or from a checkpoint with a head of its own.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <summary>Scores paths of images, whatever pipeline the network is in. Dispose it to free the weights.</summary>
internal sealed class Classifier : IImageScorer, IDisposable
{
    private readonly MLContext _context;
    private readonly ITransformer _model;
    private readonly InputColumns _columns;
    private readonly string _scores;

    private Classifier(MLContext context, ITransformer model, VisionTransformerPredictionTransformer network, InputColumns columns)
    {
        (_context, _model, _columns, Network) = (context, model, columns, network);
        _scores = ScoreColumn();
        Classes = new ModelClasses(network.ClassNames);
    }

    /// <summary>The network in it.</summary>
    internal VisionTransformerPredictionTransformer Network { get; }

    internal ITransformer Chain => _model;

    internal ModelClasses Classes { get; }

    internal InputColumns Columns => _columns;

    /// <summary>Opens a model: ML.NET's zip, a checkpoint's file or folder, or a hub's owner/name.</summary>
    /// <exception cref="InvalidDataException">It is broken, or has no such classifier.</exception>
    internal static Classifier Open(MLContext context, string model)
    {
        if (!ModelKind.IsMLNet(model))
        {
            var network = context.Model.LoadVisionTransformer(model, LabeledImage.ImageColumn);
            return MLNetModel.Owned(network, () => new Classifier(context, network, network, InputColumns.OfCheckpoint));
        }

        var (loaded, schema) = MLNetModel.Load(context, model);
        return Of(context, loaded, schema, model);
    }

    /// <summary>The classifier in a chain of transformers, which it owns; the chain is disposed where it has none.</summary>
    internal static Classifier Of(MLContext context, ITransformer model, DataViewSchema? input, string name) => MLNetModel.Owned(model, () =>
    {
        var network = MLNetModel.Parts(model).OfType<VisionTransformerPredictionTransformer>().FirstOrDefault() ?? throw new InvalidDataException(
            $"{name} has no Vision Transformer that classifies; it has {string.Join(", ", MLNetModel.Parts(model).Select(part => part.GetType().Name))}.");
        return new Classifier(context, model, network, InputColumns.Of(input));
    });

    /// <summary>The images as the model's input, lazily scored.</summary>
    internal IDataView Transform(IEnumerable<LabeledImage> images) => _model.Transform(Data(images));

    /// <inheritdoc/>
    public float[][] Score(IReadOnlyList<string> paths) =>
        [.. Transform(paths.Select(path => new LabeledImage { Image = Path.GetFullPath(path) })).GetColumn<float[]>(_scores)];

    /// <inheritdoc/>
    public string WhyMissing(InputImage image)
    {
        try
        {
            TrainingAugmentations.None.Preview([File.ReadAllBytes(image.Path)], Network.Preprocessing, epochs: 1);    // reads the image as scoring does
            return "the model gives no scores for it";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return ImageProblem.Of(e, image);
        }
    }

    public void Dispose() => (_model as IDisposable)?.Dispose();

    private IDataView Data(IEnumerable<LabeledImage> images) => _columns.Load(_context, images);

    /// <summary>The numbers of which there is one a class, under the name they have in this model.</summary>
    private string ScoreColumn()
    {
        var schema = Transform([]).Schema;
        return schema.Where(c => !c.IsHidden && c.Type is VectorDataViewType { ItemType: NumberDataViewType } vector && vector.Size == Network.ClassNames.Count)
            .Select(c => c.Name).OrderByDescending(name => name == "Score").FirstOrDefault()
            ?? throw new InvalidDataException($"The model gives no column with {Network.ClassNames.Count} scores; it gives {string.Join(", ", schema.Select(c => c.Name))}.");
    }
}
