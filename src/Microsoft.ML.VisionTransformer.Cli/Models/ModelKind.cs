// Tells ML.NET's model files from checkpoints.
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

internal static class ModelKind
{
    /// <summary>Whether the file is one that <c>mlContext.Model.Save</c> wrote. PyTorch's and NumPy's files are zip archives too, with other entries.</summary>
    /// <exception cref="FileNotFoundException">It looks like a model file's name, and there is none.</exception>
    internal static bool IsMLNet(string model)
    {
        if (!File.Exists(model))
        {
            bool named = string.Equals(Path.GetExtension(model), ".zip", StringComparison.OrdinalIgnoreCase);
            return named ? throw new FileNotFoundException($"The model {model} is not there.", model) : false;
        }

        try
        {
            using var archive = ZipFile.OpenRead(model);
            return archive.Entries.Any(entry => entry.FullName.Replace('\\', '/') == "TrainingInfo/Version.txt");
        }
        catch (InvalidDataException) when (!string.Equals(Path.GetExtension(model), ".zip", StringComparison.OrdinalIgnoreCase))
        {
            return false;    // no zip archive, and not called one: a checkpoint's reader says what it is
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{model} is no model: it is no zip archive, or a part of one ({FailureMessage.Of(e).TrimEnd('.')}).", e);
        }
    }
}
