// One request as the server saw it.
namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

internal sealed record HubServerRequest(string Method, string Path, string Authorization, string Range, string UserAgent);
