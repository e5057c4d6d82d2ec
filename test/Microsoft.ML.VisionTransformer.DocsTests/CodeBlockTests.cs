// Every block of C# in the pages compiles against the library.
using Microsoft.ML.VisionTransformer.DocsTests.Support;

namespace Microsoft.ML.VisionTransformer.DocsTests;

/// <summary>
/// A block is compiled as a program of its own. One that is fenced as <c>csharp continued</c> goes on from the block before it, and one whose first line is
/// <see cref="OtherApi"/> shows an API that is not ours and is only counted.
/// </summary>
[TestClass]
public sealed class CodeBlockTests(TestContext context)
{
    private const string OtherApi = "// ML.NET's ImageClassification, for comparison";

    [TestMethod]
    public void EveryBlockCompiles()
    {
        var compiler = new BlockCompiler();
        var errors = new List<string>();
        int compiled = 0, others = 0;
        foreach (string path in DocumentationPages.All)
        {
            string before = "";
            foreach (var block in MarkdownPage.Read(path).Blocks.Where(b => b.Info.Split(' ')[0] == "csharp"))
            {
                if (block.Code.StartsWith(OtherApi, StringComparison.Ordinal))
                {
                    others++;
                    continue;
                }

                string code = block.Info == "csharp continued" ? $"{before}\n#line {block.Line} \"{DocumentationPages.Name(path)}\"\n{block.Code}" : block.Code;
                errors.AddRange(compiler.Errors(DocumentationPages.Name(path), block.Line, code));
                before = code;
                compiled++;
            }
        }

        context.WriteLine($"{compiled} blocks compiled, {others} of another API.");
        Assert.IsEmpty(errors, string.Join('\n', errors));
        Assert.IsGreaterThan(10, compiled, "blocks of C# found");
    }

    [TestMethod]
    public void ABlockThatUsesWhatIsNotThere_IsFound()
    {
        var errors = new BlockCompiler().Errors("page.md", 7, "model.NoSuchMethod();");

        Assert.HasCount(1, errors);
        StringAssert.StartsWith(errors[0], "page.md(7,7): error CS1061");
    }
}
