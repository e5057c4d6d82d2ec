// A tiny model that classifies colored images, trained once for all tests.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

[TestClass]
public sealed class ColoredModel
{
    private static readonly Lazy<TemporaryFolder> _folder = new(() => new TemporaryFolder());
    private static readonly Lazy<CliRun> _training = new(Train);

    /// <summary>The embedding dimension: a multiple of 16, so that on a processor with AVX2 the scores of an image do not depend on its batch.</summary>
    internal const int Width = 32;

    /// <summary>Options of a tiny network that trains in about a second.</summary>
    internal static readonly string[] Tiny =
        ["--image-size", "16", "--patch-size", "8", "--depth", "2", "--embedding-dimension", $"{Width}", "--heads", "2", "--batch-size", "8", "--learning-rate", "3e-3", "--random-crop-minimum-area", "0.5"];

    /// <summary>The run of train that created the model.</summary>
    internal static CliRun Training => _training.Value;

    /// <summary>The model file.</summary>
    internal static string Zip => Training.ExitCode == 0 ? _folder.Value.File("colored.zip") : throw new InvalidOperationException(Training.Error);

    /// <summary>The images: folder/class/image.</summary>
    internal static string Images => Training.ExitCode == 0 ? _folder.Value.File("images", "x")[..^2] : throw new InvalidOperationException(Training.Error);

    internal static string Image(string label) => Directory.EnumerateFiles(Path.Combine(Images, label)).Order(StringComparer.Ordinal).First();

    [AssemblyCleanup]
    public static void DeleteFolder()
    {
        if (_folder.IsValueCreated)
            _folder.Value.Dispose();
    }

    private static CliRun Train()
    {
        string images = _folder.Value.File("images", "x")[..^2];
        ColoredSamples.WriteTo(images, perClass: 20);
        return CliRun.Of(["train", "--data", images, "--out", _folder.Value.File("colored.zip"), "--epochs", "12", .. Tiny]);
    }
}
