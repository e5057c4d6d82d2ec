// How much a deflated stream can grow.
namespace Microsoft.ML.VisionTransformer.Common;

internal static class DeflateLimit
{
    /// <summary>No deflated stream grows by more than this factor (zlib's technical details, "Maximum Compression Factor").</summary>
    private const long LargestRatio = 1032;

    /// <summary>Whether that many bytes of an archive can be unpacked to that many.</summary>
    internal static bool Allows(long packed, long unpacked) => packed >= 0 && unpacked >= 0 && unpacked / LargestRatio <= packed;
}
