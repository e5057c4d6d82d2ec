// Tells from its first bytes what a file is that is no PyTorch archive.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class PthSignature
{
    /// <summary>Number of bytes that are looked at.</summary>
    internal const int Length = 16;

    private const string SaveAgain =
        "Where you trust it, load it in Python and save it again with torch.save(state_dict, path, _use_new_zipfile_serialization=True) or as safetensors.";

    internal static bool IsZip(ReadOnlySpan<byte> start) => start.StartsWith("PK"u8);

    /// <summary>What is wrong with a file that <see cref="IsZip"/> does not hold for, and what to do; the rest of the file is not looked at.</summary>
    internal static string Explain(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
            return "is empty. Download or save it again.";
        if (start.Length > 4 && start[0] == 0x80 && start[2..].StartsWith((ReadOnlySpan<byte>)[0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20]))
            return $"is in PyTorch's old format from before version 1.6, which is not read. {SaveAgain}";
        if (start[0] == 0x80)
            return $"is a bare Python pickle and not an archive as torch.save writes it; it is not read. {SaveAgain}";
        if (start.TrimStart(" \t\r\n"u8).StartsWith("<"u8))
            return "is a web page: the download failed. Download the file itself.";
        return "is no PyTorch checkpoint: it does not start like a zip archive. Download or save it again.";
    }
}
