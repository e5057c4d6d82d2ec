// The reference assemblies of the library, for tests that compile its source.
extern alias buildtools;
using buildtools::Microsoft.ML.VisionTransformer.BuildTools;
using Microsoft.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class LibraryAssemblies
{
    private static readonly string[] _opened = ["Microsoft.ML.Core.dll", "Microsoft.ML.Data.dll"];

    /// <summary>
    /// The assemblies of this process except the library and its tests. Internal members of ML.NET's assemblies are public, as in the build.
    /// </summary>
    internal static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => !Path.GetFileName(p).StartsWith("Microsoft.ML.VisionTransformer", StringComparison.Ordinal))
            .Select(Reference);

    private static PortableExecutableReference Reference(string path)
    {
        if (!_opened.Contains(Path.GetFileName(path)))
            return MetadataReference.CreateFromFile(path);
        byte[] image = File.ReadAllBytes(path);
        OpenedAssembly.Open(image);
        return MetadataReference.CreateFromImage(image);
    }
}
