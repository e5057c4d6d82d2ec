// Opens the zip files of ML.NET.
using System.Reflection;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

internal static class MLNetModel
{
    /// <summary>The model and the columns of its training data, where they were saved.</summary>
    /// <exception cref="InvalidDataException">It is broken; the message says where.</exception>
    internal static (ITransformer Model, DataViewSchema? Schema) Load(MLContext context, string path)
    {
        try
        {
            var model = context.Model.Load(path, out var schema);
            return (model, schema);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or InvalidOperationException or TargetInvocationException or ArgumentException)
        {
            throw new InvalidDataException($"{path} cannot be loaded: {FailureMessage.Of(e)}", e);
        }
    }

    /// <summary>Makes something that owns the model from now on; disposes the model where that fails.</summary>
    internal static T Owned<T>(ITransformer model, Func<T> make)
    {
        try
        {
            return make();
        }
        catch
        {
            (model as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>The transformers in it, those within chains too, in order.</summary>
    internal static IEnumerable<ITransformer> Parts(ITransformer model) => model is IEnumerable<ITransformer> chain ? chain.SelectMany(Parts) : [model];
}
