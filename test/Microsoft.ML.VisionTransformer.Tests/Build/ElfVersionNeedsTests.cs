// The build step that makes a library's need for a newer libstdc++ weak, on the real library and on broken ones.
extern alias buildtools;
using buildtools::Microsoft.ML.VisionTransformer.BuildTools;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Build;

[TestClass]
public sealed class ElfVersionNeedsTests
{
    private const string Library = "libstdc++.so.6", Version = "GLIBCXX_3.4.32", Symbol = "_ZSt21ios_base_library_initv";

    [TestMethod]
    public void TheOutputsLibraryHasTheNeedWeakened()
    {
        RequireLinux();
        Assert.IsFalse(Relax(TorchSharpLibrary()), "the build did it");
    }

    [TestMethod]
    public void ANeedIsWeakenedOnceAndNothingElseChanges()
    {
        RequireLinux();
        byte[] original = TorchSharpLibrary();
        int flags = FlagsOffset(original);
        original[flags] &= 0xfd;
        byte[] image = [.. original];

        Assert.IsTrue(Relax(image));
        Assert.IsFalse(Relax(image));

        original[flags] |= 2;
        CollectionAssert.AreEqual(original, image);
    }

    [TestMethod]
    public void ANeedThatIsNotThereIsNoError()
    {
        RequireLinux();
        Assert.IsFalse(ElfVersionNeeds.Relax(TorchSharpLibrary(), Library, "GLIBCXX_9.9.99", Symbol));
    }

    [TestMethod]
    public void ANeedOfAnotherSymbolIsRefused()
    {
        RequireLinux();
        byte[] image = TorchSharpLibrary();
        image[FlagsOffset(image)] &= 0xfd;

        var error = Assert.ThrowsExactly<BadImageFormatException>(() => ElfVersionNeeds.Relax(image, Library, Version, "another"));

        Assert.Contains(Symbol, error.Message);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("text")]
    [DataRow("\u007fELF\u0001\u0001 a 32-bit file, which has other tables and is longer than a header of 64 bytes")]
    public void SomethingElseIsNoElfFile(string content) =>
        Assert.ThrowsExactly<BadImageFormatException>(() => Relax(System.Text.Encoding.Latin1.GetBytes(content)));

    [TestMethod]
    public void ACutOffFileIsBroken()
    {
        RequireLinux();
        byte[] image = TorchSharpLibrary();

        Assert.ThrowsExactly<BadImageFormatException>(() => Relax(image[..(image.Length / 2)]));
    }

    private static bool Relax(byte[] image) => ElfVersionNeeds.Relax(image, Library, Version, Symbol);

    /// <summary>Where the flags of the entry lie: the one byte in which a weakened file differs from one with the bit cleared.</summary>
    private static int FlagsOffset(byte[] relaxed)
    {
        byte[] name = [.. System.Text.Encoding.ASCII.GetBytes(Version), 0];
        Assert.IsGreaterThan(0, relaxed.AsSpan().IndexOf(name));
        // vna_hash is the System V hash of the name; flags follow it.
        uint hash = 0;
        foreach (char c in Version)
        {
            hash = (hash << 4) + c;
            uint top = hash & 0xf0000000;
            hash = (hash ^ (top >> 24)) & ~top;
        }

        int at = relaxed.AsSpan().IndexOf(BitConverter.GetBytes(hash));
        Assert.IsGreaterThan(0, at);
        return at + 4;
    }

    private static void RequireLinux() => Requires.Linux("the output has no library for Linux elsewhere");

    private static byte[] TorchSharpLibrary() => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so"));
}
