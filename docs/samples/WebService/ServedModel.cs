// The model of the process: loaded, or trained at the start if none is given.
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.VisionTransformer;

namespace WebService;

/// <summary>Owns the weights. The engines must not: a <c>PredictionEngine</c> disposes its model unless its options say otherwise.</summary>
internal sealed class ServedModel : IDisposable
{
    private readonly IDisposable _owner;

    private ServedModel(MLContext context, ITransformer loaded, string path)
    {
        Context = context;
        _owner = (IDisposable)loaded;
        Transformer = Steps(loaded).OfType<VisionTransformerPredictionTransformer>().LastOrDefault()
            ?? throw new InvalidDataException($"{path} does not contain a Vision Transformer that classifies.");
    }

    internal MLContext Context { get; }

    /// <summary>The classifier without the steps before it in a saved pipeline, which prepare labels and read files.</summary>
    internal VisionTransformerPredictionTransformer Transformer { get; }

    /// <exception cref="IOException">The model cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or is not a model that classifies.</exception>
    internal static ServedModel Open(ServiceSettings settings)
    {
        var context = new MLContext();
        if (settings.Model is null)
            return new ServedModel(context, DemoModel.Train(context, settings.ImageColumn), "The demonstration");
        return new ServedModel(context, Load(context, settings), settings.Model);
    }

    public void Dispose() => _owner.Dispose();

    private static ITransformer Load(MLContext context, ServiceSettings settings)
    {
        string path = settings.Model!;
        if (!path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
            return context.Model.LoadVisionTransformer(path, settings.ImageColumn);
        try
        {
            return context.Model.Load(path, out _);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or InvalidOperationException or TargetInvocationException)
        {
            // ML.NET creates transformers by reflection, which wraps their exceptions.
            throw new InvalidDataException($"{path} cannot be loaded as a model: {e.GetBaseException().Message}", e);
        }
    }

    private static IEnumerable<ITransformer> Steps(ITransformer transformer) =>
        transformer is IEnumerable<ITransformer> chain ? chain.SelectMany(Steps) : [transformer];
}
