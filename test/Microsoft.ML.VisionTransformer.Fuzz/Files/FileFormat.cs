// The file formats that are fuzzed: how a case is made and what is done with it.
namespace Microsoft.ML.VisionTransformer.Fuzz;

/// <summary>
/// A file that is changed beside others that stay as they are. The same number and seed give the same file; each case has random numbers of its own.
/// </summary>
internal abstract class FileFormat
{
    private static readonly string[] _configured = ["timm", "hf-vit", "hf-clip", "hf-dinov2-classifier", "hf-dinov2-registers-swiglu", "hf-dinov3", "hf-siglip"];

    /// <summary>Names of the formats, and what makes each, given the folder of the golden checkpoints.</summary>
    internal static IReadOnlyDictionary<string, Func<string, int, FileFormat>> All { get; } = new Dictionary<string, Func<string, int, FileFormat>>(StringComparer.Ordinal)
    {
        ["model"] = (folder, seed) => new ModelFormat(folder) { RunSeed = seed },
        ["safetensors"] = (folder, seed) => new SafetensorsFormat(folder) { RunSeed = seed },
        ["index"] = (folder, seed) => new JsonFileFormat(folder, ["hf-vit-sharded"], "model.safetensors.index.json", format: 2) { RunSeed = seed },
        ["npz"] = (folder, seed) => new NpzFormat(folder) { RunSeed = seed },
        ["pth"] = (folder, seed) => new PthFormat(folder) { RunSeed = seed },
        ["onnx"] = (folder, seed) => new OnnxFormat(folder) { RunSeed = seed },
        ["config"] = (folder, seed) => new JsonFileFormat(folder, _configured, "config.json", format: 3) { RunSeed = seed },
        ["processor"] = (folder, seed) => new JsonFileFormat(folder, ["hf-vit", "hf-dinov2"], "preprocessor_config.json", format: 4) { RunSeed = seed },
    };

    /// <summary>Names the run: another seed gives other cases.</summary>
    internal int RunSeed { get; init; } = 1;

    /// <summary>Most memory in MiB that a case may add to the process's peak; null for no limit.</summary>
    internal virtual double? MostMegabytes => 512;

    /// <summary>The changed file of that number.</summary>
    internal abstract byte[] Make(int number);

    /// <summary>Reads the file of that number; an exception of a type that is not promised is the caller's finding.</summary>
    /// <param name="file">The changed file.</param>
    /// <param name="number">Its number.</param>
    /// <param name="folder">A folder for this case alone.</param>
    internal abstract FuzzOutcome Run(byte[] file, int number, string folder);

    /// <summary>The random numbers of a case.</summary>
    private protected Random RandomOf(int format, int number) => new(unchecked((format + 100 * RunSeed) * 1_000_003 + number));
}
