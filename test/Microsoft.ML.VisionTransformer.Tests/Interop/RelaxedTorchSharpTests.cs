// TorchSharp's library is found in a package folder, and nothing is looked for in an application's folder. Loading it is tested in a kernel: NotebookTests/Kernel.
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Interop;

[TestClass]
public sealed class RelaxedTorchSharpTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void TheLibraryOfAPackageIsFound()
    {
        string library = _folder.File("torchsharp", "0.107.0", "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        File.WriteAllText(library, "");

        Assert.AreEqual(library, RelaxedTorchSharp.LibraryOf(_folder.File("torchsharp", "0.107.0", "lib", "net8.0", "TorchSharp.dll")));
    }

    [TestMethod]
    public void AnApplicationFolderHasNone_AndAnAssemblyWithoutAFileNeither()
    {
        Assert.IsNull(RelaxedTorchSharp.LibraryOf(_folder.File("app", "bin", "Release", "TorchSharp.dll")));
        Assert.IsNull(RelaxedTorchSharp.LibraryOf(""));
    }
}
