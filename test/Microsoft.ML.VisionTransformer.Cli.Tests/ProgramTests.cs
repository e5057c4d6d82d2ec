// The tool's assembly.
namespace Microsoft.ML.VisionTransformer.Cli.Tests;

[TestClass]
public sealed class ProgramTests
{
    [TestMethod]
    public void TheAssemblyIsNamedLikeTheCommand() => Assert.AreEqual("mlnet-vit", typeof(Program).Assembly.GetName().Name);
}
