// Paths of the test data that cannot be published: a pretrained ViT-Ti, and Tiny-ImageNet images.
namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>
/// The environment variable <c>VIT_TEST_DATA</c> names the folder; without it, a folder <c>shared</c> next to the repository is used.
/// A test that reads from here calls <see cref="Requires.OptionalData"/> first.
/// </summary>
internal static class OptionalData
{
    internal const string Variable = "VIT_TEST_DATA";

    private static readonly string? _root = Find();

    internal static bool IsThere => _root is not null;

    /// <summary>A ViT-Ti/16 trained on Tiny-ImageNet, in Hugging Face's layout.</summary>
    internal static string PretrainedModel => Path("weights", "vit-tiny-patch16-224-tinyimagenet");

    /// <summary>200 validation images of Tiny-ImageNet as PNG files, one folder per class.</summary>
    internal static string TinyImageNet => Path("data", "tinyimagenet-val-png");

    private static string Path(params string[] parts) => System.IO.Path.Combine([_root ?? throw new InvalidOperationException("Call Requires.OptionalData first."), .. parts]);

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
            return Directory.Exists(named) ? named : throw new DirectoryNotFoundException($"{Variable} names {named}, which is not a folder.");
        string beside = System.IO.Path.GetFullPath(System.IO.Path.Combine(SourceTree.Root, "..", "shared"));
        return Directory.Exists(System.IO.Path.Combine(beside, "weights")) ? beside : null;
    }
}
