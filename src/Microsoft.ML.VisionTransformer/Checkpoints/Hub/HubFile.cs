// What a hub says of one file before it is downloaded.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>One file at one commit.</summary>
/// <param name="Name">Its name in the model's folder.</param>
/// <param name="Address">The address that was asked for.</param>
/// <param name="Location">Where its bytes are; another host for large files.</param>
/// <param name="Commit">The commit that the revision stands for.</param>
/// <param name="Etag">The SHA-256 of a large file, the git blob SHA-1 of a small one; checked to be a plain file name.</param>
/// <param name="Bytes">Its size; null where the hub does not say.</param>
internal sealed record HubFile(string Name, Uri Address, Uri Location, string Commit, string Etag, long? Bytes);
