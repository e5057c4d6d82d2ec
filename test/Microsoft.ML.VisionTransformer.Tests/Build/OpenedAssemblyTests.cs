// The build step that makes reference copies with internal members made public.
extern alias buildtools;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using buildtools::Microsoft.ML.VisionTransformer.BuildTools;

namespace Microsoft.ML.VisionTransformer.Tests.Build;

[TestClass]
public sealed class OpenedAssemblyTests
{
    [TestMethod]
    public void InternalBecomesPublicAndPrivateStays()
    {
        byte[] image = File.ReadAllBytes(Assembly.Load("Microsoft.ML.Core").Location);
        var before = Visibility(image);

        OpenedAssembly.Open(image);

        var after = Visibility(image);
        Assert.AreEqual(TypeAttributes.NotPublic, before.Types["Microsoft.ML.ModelLoadContext"]);
        Assert.AreEqual(TypeAttributes.Public, after.Types["Microsoft.ML.ModelLoadContext"]);
        Assert.AreEqual(MethodAttributes.Assembly, before.Methods["Microsoft.ML.ModelSaveContext.SaveBinaryStream"]);
        Assert.AreEqual(MethodAttributes.Public, after.Methods["Microsoft.ML.ModelSaveContext.SaveBinaryStream"]);
        Assert.IsFalse(after.Methods.Values.Any(a => a is MethodAttributes.FamANDAssem));
        Assert.AreEqual(before.Methods.Values.Count(a => a == MethodAttributes.Private), after.Methods.Values.Count(a => a == MethodAttributes.Private));
    }

    [TestMethod]
    public void TypesOutsideMicrosoftMLStayAsTheyAre()
    {
        byte[] image = File.ReadAllBytes(Assembly.Load("Microsoft.ML.Core").Location);
        var before = Visibility(image);

        OpenedAssembly.Open(image);

        foreach (var (name, visibility) in Visibility(image).Types.Where(t => !t.Key.StartsWith("Microsoft.ML", StringComparison.Ordinal)))
            Assert.AreEqual(before.Types[name], visibility, name);
    }

    [TestMethod]
    public void OnlyVisibilityBitsChange()
    {
        byte[] original = File.ReadAllBytes(Assembly.Load("Microsoft.ML.Core").Location);
        byte[] image = [.. original];

        OpenedAssembly.Open(image);

        Assert.IsTrue(original.Zip(image).All(p => ((p.First ^ p.Second) & ~7) == 0));
    }

    [TestMethod]
    public void SomethingElseIsRefused() => Assert.ThrowsExactly<BadImageFormatException>(() => OpenedAssembly.Open(new byte[512]));

    private static (Dictionary<string, TypeAttributes> Types, Dictionary<string, MethodAttributes> Methods) Visibility(byte[] image)
    {
        using var pe = new PEReader(new MemoryStream(image));
        var metadata = pe.GetMetadataReader();
        var types = new Dictionary<string, TypeAttributes>();
        var methods = new Dictionary<string, MethodAttributes>();
        foreach (var type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Where(t => t.GetDeclaringType().IsNil))
        {
            string name = $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
            types[name] = type.Attributes & TypeAttributes.VisibilityMask;
            foreach (var method in type.GetMethods().Select(metadata.GetMethodDefinition))
                methods[$"{name}.{metadata.GetString(method.Name)}"] = method.Attributes & MethodAttributes.MemberAccessMask;
        }

        return (types, methods);
    }
}
