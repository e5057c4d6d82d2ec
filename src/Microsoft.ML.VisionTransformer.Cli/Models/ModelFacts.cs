// The contents of a model file or a checkpoint, as the info command shows them.
namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <summary>Properties that do not apply to the kind of model are null.</summary>
internal sealed record ModelFacts
{
    public required string Path { get; init; }

    /// <summary>classifier, featurizer, or checkpoint.</summary>
    public required string Kind { get; init; }

    public required VisionTransformerArchitecture Architecture { get; init; }

    /// <summary>Number of learned parameters.</summary>
    public required long Parameters { get; init; }

    public required ImagePreprocessing Preprocessing { get; init; }

    /// <summary>The naming scheme of the checkpoint's tensors.</summary>
    public string? Layout { get; init; }

    /// <summary>Type names of the transformers in the ML.NET chain.</summary>
    public IReadOnlyList<string>? Parts { get; init; }

    /// <summary>Names and types of the columns of the training data.</summary>
    public IReadOnlyDictionary<string, string>? Columns { get; init; }

    public IReadOnlyList<string>? Classes { get; init; }

    public double? Temperature { get; init; }

    public FeatureKind? Features { get; init; }

    public TrainingHistory? Training { get; init; }

    /// <summary>Assumptions made because the checkpoint does not specify something.</summary>
    public IReadOnlyList<string>? Notes { get; init; }

    /// <exception cref="InvalidDataException">The model is corrupt, or contains no Vision Transformer.</exception>
    internal static ModelFacts Of(MLContext mlContext, string model, Action<string> log, CancellationToken cancellation)
    {
        if (!ModelKind.IsMLNet(model))
            return OfCheckpoint(model, log, cancellation);
        var (loaded, schema) = MLNetModel.Load(mlContext, model);
        using (loaded as IDisposable)
        {
            var facts = MLNetModel.Parts(loaded).Select(part => OfPart(part, model)).FirstOrDefault(found => found is not null)
                ?? throw new InvalidDataException($"{model} contains no Vision Transformer; it contains {string.Join(", ", MLNetModel.Parts(loaded).Select(p => p.GetType().Name))}.");
            return facts with
            {
                Parts = [.. MLNetModel.Parts(loaded).Select(part => part.GetType().Name)],
                Columns = schema?.Where(c => !c.IsHidden).ToDictionary(c => c.Name, c => c.Type.ToString()!, StringComparer.Ordinal),
            };
        }
    }

    private static ModelFacts? OfPart(ITransformer part, string path) => part switch
    {
        VisionTransformerPredictionTransformer classifier => new ModelFacts
        {
            Path = path,
            Kind = "classifier",
            Architecture = classifier.Architecture,
            Parameters = classifier.Architecture.CountParameters(),
            Preprocessing = classifier.Preprocessing,
            Classes = classifier.ClassNames,
            Temperature = classifier.Temperature,
            Training = classifier.TrainingHistory,
        },
        VisionTransformerFeatureTransformer featurizer => new ModelFacts
        {
            Path = path,
            Kind = "featurizer",
            Architecture = featurizer.Architecture,
            Parameters = featurizer.Architecture.CountParameters(),
            Preprocessing = featurizer.Preprocessing,
            Features = featurizer.Kind,
        },
        _ => null,
    };

    private static ModelFacts OfCheckpoint(string model, Action<string> log, CancellationToken cancellation)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(model, log: log, cancellationToken: cancellation);
        return new ModelFacts
        {
            Path = checkpoint.Path,
            Kind = "checkpoint",
            Architecture = checkpoint.Architecture,
            Parameters = checkpoint.Architecture.CountParameters(),
            Preprocessing = checkpoint.Preprocessing,
            Layout = checkpoint.Layout,
            Classes = checkpoint.ClassNames,
            Notes = checkpoint.Notes,
        };
    }
}
