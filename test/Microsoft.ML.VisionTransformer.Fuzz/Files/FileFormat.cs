// The fuzzed file formats: how a case is created and run.
namespace Microsoft.ML.VisionTransformer.Fuzz;

/// <summary>
/// A file to change, among others that are unchanged. The same number and seed give the same file; each case has its own random stream.
/// </summary>
internal abstract class FileFormat
{
    private static readonly string[] _configured = ["timm", "hf-vit", "hf-clip", "hf-dinov2-classifier", "hf-dinov2-registers-swiglu", "hf-dinov3", "hf-siglip"];

    /// <summary>Names of the formats and their factories, which take the folder of the golden checkpoints.</summary>
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

    /// <summary>Seed of the run; another seed gives other cases.</summary>
    internal int RunSeed { get; init; } = 1;

    /// <summary>Maximum memory in MiB that a case may add to the process's peak; null for no limit.</summary>
    internal virtual double? MostMegabytes => 512;

    /// <summary>Returns the changed file of a case.</summary>
    internal abstract byte[] Make(int number);

    /// <summary>Reads the file of a case. The caller reports an exception of an undocumented type as a finding.</summary>
    /// <param name="file">The changed file.</param>
    /// <param name="number">Its number.</param>
    /// <param name="folder">A folder for this case only.</param>
    internal abstract FuzzOutcome Run(byte[] file, int number, string folder);

    /// <summary>The random stream of a case.</summary>
    private protected Random RandomOf(int format, int number) => new(unchecked((format + 100 * RunSeed) * 1_000_003 + number));
}
