// A wrong response that the server sends a given number of times.
using Microsoft.AspNetCore.Http;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

internal sealed record HubServerFault(string Method, string AddressEnd, Func<HttpContext, Task> Answer)
{
    /// <summary>How often it is still given; negative without end.</summary>
    internal int Left { get; set; }
}
