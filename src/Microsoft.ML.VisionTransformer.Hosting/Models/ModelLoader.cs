// Loads a model as the options say, and finds the Vision Transformer in it.
using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Hosting.Models;

internal static class ModelLoader
{
    /// <summary>The image column of models that this package loads from checkpoints.</summary>
    internal const string DefaultColumn = "Image";

    /// <summary>Loads the model with the first step of that type, or makes it from a checkpoint.</summary>
    /// <param name="options">Where the model is.</param>
    /// <param name="fromCheckpoint">Makes the model from a public checkpoint and the name of its image column.</param>
    /// <exception cref="IOException">The model cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or contains no Vision Transformer.</exception>
    internal static LoadedModel Load(VisionTransformerModelOptions options, Func<MLContext, string, string, ITransformer> fromCheckpoint)
    {
        var context = new MLContext();
        if (options.Load is { } load)
            return new LoadedModel(context, load(context), null, "The model that Load gave");
        string path = options.Model!;
        if (!path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
            return new LoadedModel(context, fromCheckpoint(context, path, options.ImageColumn ?? DefaultColumn), null, path);
        try
        {
            return new LoadedModel(context, context.Model.Load(path, out var schema), schema, path);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or InvalidOperationException or TargetInvocationException or ArgumentException)
        {
            // ML.NET creates transformers by reflection, which wraps their exceptions.
            throw new InvalidDataException($"{path} cannot be loaded as a model: {e.GetBaseException().Message}", e);
        }
    }
}

/// <summary>A transformer or a chain of them, its owner, and where it came from.</summary>
/// <param name="Context">The context of the model.</param>
/// <param name="Transformer">What was loaded.</param>
/// <param name="Schema">The columns of the training data, from a model file.</param>
/// <param name="Source">The path, for messages.</param>
internal sealed record LoadedModel(MLContext Context, ITransformer Transformer, DataViewSchema? Schema, string Source) : IDisposable
{
    /// <summary>The last step of that type; null if there is none.</summary>
    internal T? Find<T>()
        where T : class, ITransformer => Steps(Transformer).OfType<T>().LastOrDefault();

    /// <summary>
    /// The column that the step reads images from. A saved pipeline starts with steps for training, and its classifier alone takes the bytes of a file, whatever
    /// type its column had.
    /// </summary>
    /// <exception cref="InvalidDataException">No column of the model is an image.</exception>
    internal string FindImageColumn(ITransformer step, string? configured)
    {
        var known = Schema is null ? [] : Transformer.GetOutputSchema(Schema).Select(column => column.Name);
        string[] names = configured is not null ? [configured] : [ModelLoader.DefaultColumn, .. known, "ImagePath", "Features"];
        return names.Distinct(StringComparer.Ordinal).FirstOrDefault(name => Reads(step, name)) ?? throw new InvalidDataException(configured is null
            ? $"The image column of {Source} could not be found. Set ImageColumn to its name."
            : $"{Source} does not read images from the column '{configured}'. Set ImageColumn to the model's image column, or leave it null.");
    }

    public void Dispose() => (Transformer as IDisposable)?.Dispose();

    private static bool Reads(ITransformer step, string column)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(column, new VectorDataViewType(NumberDataViewType.Byte));
        try
        {
            step.GetOutputSchema(builder.ToSchema());
            return true;
        }
        catch (ArgumentOutOfRangeException)
        {
            // The documented answer to a schema without the image column.
            return false;
        }
    }

    private static IEnumerable<ITransformer> Steps(ITransformer transformer) =>
        transformer is IEnumerable<ITransformer> chain ? chain.SelectMany(Steps) : [transformer];
}
