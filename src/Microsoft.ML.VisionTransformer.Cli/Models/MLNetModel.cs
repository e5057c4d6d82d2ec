// Loads ML.NET model.zip files.
using System.Reflection;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

internal static class MLNetModel
{
    /// <summary>The model, and the schema of its training data if it was saved.</summary>
    /// <exception cref="InvalidDataException">The file is corrupt; the message states the cause.</exception>
    internal static (ITransformer Model, DataViewSchema? Schema) Load(MLContext mlContext, string path)
    {
        try
        {
            var model = mlContext.Model.Load(path, out var schema);
            return (model, schema);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or InvalidOperationException or TargetInvocationException or ArgumentException)
        {
            throw new InvalidDataException($"{path} cannot be loaded: {FailureMessage.Of(e)}", e);
        }
    }

    /// <summary>Creates an object that takes ownership of the model; disposes the model if that throws.</summary>
    internal static T Owned<T>(ITransformer model, Func<T> create)
    {
        try
        {
            return create();
        }
        catch
        {
            (model as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>The transformers of the model in order, including those of nested chains.</summary>
    internal static IEnumerable<ITransformer> Parts(ITransformer model) => model is IEnumerable<ITransformer> chain ? chain.SelectMany(Parts) : [model];
}
