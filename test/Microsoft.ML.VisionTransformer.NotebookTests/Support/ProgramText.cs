// Reads notebook programs from text in a test.
using Microsoft.ML.VisionTransformer.Tests.Support;
using NotebookRunner.Programs;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Support;

internal static class ProgramText
{
    /// <summary>Writes the text as 00-test.cs and reads it as a notebook program.</summary>
    internal static NotebookProgram Read(TemporaryFolder folder, string text)
    {
        string path = folder.File("00-test.cs");
        File.WriteAllText(path, text);
        return ProgramReader.Read(path);
    }
}
