// Says how far a download is, seldom enough to be read.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// Lines such as "model.safetensors: 12.3 of 22.9 MB (54 %)"; between two lie at least the interval and 5 % of the file (10 MB of an unknown size).
/// </summary>
internal sealed class HubProgress(string file, long? bytes, HubSettings settings, Action<string> log)
{
    private readonly long _step = bytes / 20 ?? 10_000_000;
    private long _lastTime = settings.Clock.GetTimestamp();
    private long _lastBytes;

    /// <summary>That many bytes are there.</summary>
    internal void Report(long done)
    {
        if (done - _lastBytes < _step || settings.Clock.GetElapsedTime(_lastTime) < settings.ProgressInterval)
            return;
        (_lastBytes, _lastTime) = (done, settings.Clock.GetTimestamp());
        log(bytes is > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{file}: {done / 1e6:0.0} of {bytes / 1e6:0.0} MB ({100 * (double)done / bytes:0} %)")
            : string.Create(CultureInfo.InvariantCulture, $"{file}: {done / 1e6:0.0} MB"));
    }
}
