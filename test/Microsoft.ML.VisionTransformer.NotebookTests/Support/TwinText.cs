// Programs for notebooks, written as text in a test.
using Microsoft.ML.VisionTransformer.Tests.Support;
using NotebookRunner.Twins;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Support;

internal static class TwinText
{
    /// <summary>Writes the text as 00-test.cs and reads it as a twin.</summary>
    internal static Twin Read(TemporaryFolder folder, string text)
    {
        string path = folder.File("00-test.cs");
        File.WriteAllText(path, text);
        return TwinReader.Read(path);
    }
}
