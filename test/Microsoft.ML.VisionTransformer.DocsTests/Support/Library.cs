// The public surface of the library, read once for all tests.
using Microsoft.ML.VisionTransformer.ApiReference;

namespace Microsoft.ML.VisionTransformer.DocsTests.Support;

internal static class Library
{
    internal static PublicSurface Surface { get; } = PublicSurface.Of(typeof(VisionTransformerTrainer).Assembly);
}
