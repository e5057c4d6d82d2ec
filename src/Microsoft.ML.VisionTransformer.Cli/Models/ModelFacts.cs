// What a model file or a checkpoint holds.
namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <summary>What is not known of a kind of file is null.</summary>
internal sealed record ModelFacts
{
    public required string Path { get; init; }

    /// <summary>classifier, featurizer, or checkpoint.</summary>
    public required string Kind { get; init; }

    public required VisionTransformerArchitecture Architecture { get; init; }

    /// <summary>Numbers that training found.</summary>
    public required long Parameters { get; init; }

    public required ImagePreprocessing Preprocessing { get; init; }

    /// <summary>Whose tensor names a checkpoint has.</summary>
    public string? Layout { get; init; }

    /// <summary>The transformers of ML.NET's chain.</summary>
    public IReadOnlyList<string>? Parts { get; init; }

    /// <summary>The columns of the data that a model was trained on.</summary>
    public IReadOnlyDictionary<string, string>? Columns { get; init; }

    public IReadOnlyList<string>? Classes { get; init; }

    public double? Temperature { get; init; }

    public FeatureKind? Features { get; init; }

    public TrainingHistory? Training { get; init; }

    /// <summary>What had to be assumed of a checkpoint.</summary>
    public IReadOnlyList<string>? Notes { get; init; }

    /// <exception cref="InvalidDataException">It is broken, or has no Vision Transformer.</exception>
    internal static ModelFacts Of(MLContext context, string model, Action<string> log, CancellationToken cancellation)
    {
        if (!ModelKind.IsMLNet(model))
            return OfCheckpoint(model, log, cancellation);
        var (loaded, schema) = MLNetModel.Load(context, model);
        using (loaded as IDisposable)
        {
            var facts = MLNetModel.Parts(loaded).Select(part => OfPart(part, model)).FirstOrDefault(found => found is not null)
                ?? throw new InvalidDataException($"{model} has no Vision Transformer; it has {string.Join(", ", MLNetModel.Parts(loaded).Select(p => p.GetType().Name))}.");
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
