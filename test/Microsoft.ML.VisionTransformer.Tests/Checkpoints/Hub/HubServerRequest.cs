// A request as received by the server.
namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

internal sealed record HubServerRequest(string Method, string Path, string Authorization, string Range, string UserAgent);
