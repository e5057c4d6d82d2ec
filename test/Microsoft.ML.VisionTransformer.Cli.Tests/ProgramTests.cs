// What the command does as a whole.
namespace Microsoft.ML.VisionTransformer.Cli.Tests;

[TestClass]
public sealed class ProgramTests
{
    [TestMethod]
    public void TheAssemblyIsNamedAsTheCommand() => Assert.AreEqual("mlnet-vit", typeof(Program).Assembly.GetName().Name);
}
