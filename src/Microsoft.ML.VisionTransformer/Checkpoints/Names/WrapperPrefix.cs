// What training tools put before every name of a network.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class WrapperPrefix
{
    private const int MostLevels = 3;

    /// <summary>Distributed training, compiled modules, and the fields that hold a network in common training code.</summary>
    private static readonly string[] _known = ["module.", "_orig_mod.", "model.", "backbone."];

    /// <summary>The empty prefix, then each known one, and known ones behind one another, that some name begins with.</summary>
    internal static IEnumerable<string> Of(IEnumerable<string> names)
    {
        IReadOnlyCollection<string> level = [""];
        for (int depth = 0; depth <= MostLevels && level.Count > 0; depth++)
        {
            foreach (string prefix in level)
                yield return prefix;
            var longer = level.SelectMany(prefix => _known, (prefix, next) => prefix + next);
            level = [.. longer.Where(prefix => names.Any(name => name.StartsWith(prefix, StringComparison.Ordinal)))];
        }
    }
}
