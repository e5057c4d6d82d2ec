// Distinguishes ML.NET model files from checkpoints.
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

internal static class ModelKind
{
    /// <summary>Whether <c>mlContext.Model.Save</c> wrote the file. PyTorch and NumPy files are zip archives too, with other entries.</summary>
    /// <exception cref="FileNotFoundException">The name ends in .zip and the file does not exist.</exception>
    /// <exception cref="InvalidDataException">The name ends in .zip and the file is not a zip archive.</exception>
    internal static bool IsMLNet(string model)
    {
        if (string.IsNullOrWhiteSpace(model))
            throw new UsageException("The name of the model is empty.");
        if (!MissingPath.IsFile(model))
        {
            bool named = string.Equals(Path.GetExtension(model), ".zip", StringComparison.OrdinalIgnoreCase) || File.Exists(model);
            return named ? throw new FileNotFoundException($"The model {MessageText.OfPath(model)} {MissingPath.Describe(model)}.", model) : false;
        }

        try
        {
            using var archive = ZipFile.OpenRead(model);
            return archive.Entries.Any(entry => entry.FullName.Replace('\\', '/') == "TrainingInfo/Version.txt");
        }
        catch (InvalidDataException) when (!string.Equals(Path.GetExtension(model), ".zip", StringComparison.OrdinalIgnoreCase))
        {
            return false;    // not a zip archive and not named like one: the checkpoint readers identify it
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{model} is not a model: it is not a zip archive, or it is truncated ({FailureMessage.Of(e).TrimEnd('.')}).", e);
        }
    }
}
