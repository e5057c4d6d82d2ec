// Opens a damaged checkpoint through the public API and creates its network.
namespace Microsoft.ML.VisionTransformer.Fuzz;

internal abstract class CheckpointFormat : FileFormat
{
    /// <summary>Every n-th case is loaded without strict, so tensors may be missing.</summary>
    private const int LooseEvery = 5;

    /// <summary>The network of the golden checkpoints of plain Vision Transformers; a single file does not specify the number of heads.</summary>
    private static readonly VisionTransformerArchitecture _plain = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
    {
        ImageSize = 32,
        PatchSize = 8,
        EmbeddingDimension = 32,
        Depth = 2,
        Heads = 4,
        Classes = 10,
    };

    /// <summary>Whether a single file is opened, in most cases with the architecture.</summary>
    private protected virtual bool IsLone => true;

    internal sealed override FuzzOutcome Run(byte[] file, int number, string folder)
    {
        string path = Write(file, number, folder);
        try
        {
            using var checkpoint = VisionTransformerCheckpoint.Load(path, IsLone && number % 3 != 0 ? _plain : null, strict: number % LooseEvery != 0);
            using var network = checkpoint.CreateNetwork();
            return FuzzOutcome.Decoded;
        }
        catch (InvalidCheckpointException e) when (e.Message.Length is > 0 and < 10_000 && e.Message.Contains(folder, StringComparison.Ordinal))
        {
            return FuzzOutcome.Refused;
        }
    }

    /// <summary>Writes the case into the folder and returns the path to open.</summary>
    private protected virtual string Write(byte[] file, int number, string folder)
    {
        string path = Path.Combine(folder, "weights.bin");
        File.WriteAllBytes(path, file);
        return path;
    }

    private protected static void CopyFolder(string from, string to, string except)
    {
        foreach (string file in Directory.GetFiles(from).Where(file => Path.GetFileName(file) != except))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }
}
