// Finds what a user named: a file, a folder, or a model of a hub.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class CheckpointSource
{
    /// <summary>The local file or folder of a path or hub id; a path that exists comes first.</summary>
    /// <param name="pathOrHubId">A path, or <c>owner/name</c>.</param>
    /// <param name="log">Told of downloads.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <exception cref="FileNotFoundException">It is neither.</exception>
    /// <exception cref="ModelDownloadException">The hub's model is not in the cache and cannot be had.</exception>
    internal static string Resolve(string pathOrHubId, Action<string> log, CancellationToken cancellation)
    {
        Guard.NotBlank(pathOrHubId);
        if (File.Exists(pathOrHubId) || Directory.Exists(pathOrHubId))
            return pathOrHubId;
        return HubModel.LooksLikeId(pathOrHubId)
            ? HubModel.Resolve(pathOrHubId, HubSettings.FromEnvironment(), log, cancellation)
            : throw new FileNotFoundException(
                $"{pathOrHubId}: there is no such file or folder, and it is no id of a hub's model (owner/name). Correct the path or the id.", pathOrHubId);
    }
}
