// Every internal member of ML.NET that the library uses, checked against the referenced version of ML.NET.
using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Interop;

[TestClass]
public sealed class InternalsInUseTests
{
    private const BindingFlags Anything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private const MethodAttributes Access = MethodAttributes.MemberAccessMask;

    /// <summary>All internal members in use. A new one needs a reason: any of them may disappear in the next version of ML.NET.</summary>
    private static readonly string[] _expected =
    [
        "Microsoft.ML.Data.CatalogUtils",
        "Microsoft.ML.Data.CatalogUtils.GetEnvironment",
        "Microsoft.ML.Data.IDataTransform",
        "Microsoft.ML.Data.IInternalCatalog",
        "Microsoft.ML.LoadableClassAttribute",
        "Microsoft.ML.LoadableClassAttribute..ctor",
        "Microsoft.ML.Model.OnnxConverter.ICanSaveOnnx",
        "Microsoft.ML.Model.OnnxConverter.ICanSaveOnnx.CanSaveOnnx",
        "Microsoft.ML.Model.OnnxConverter.ISaveAsOnnx",
        "Microsoft.ML.Model.OnnxConverter.ISaveAsOnnx.SaveAsOnnx",
        "Microsoft.ML.Model.OnnxConverter.ITransformCanSaveOnnx",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext.AddInitializer",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext.AddIntermediateVariable",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext.CheckOpSetVersion",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext.ContainsColumn",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext.CreateNode",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext.GetNodeName",
        "Microsoft.ML.Model.OnnxConverter.OnnxContext.GetVariableName",
        "Microsoft.ML.Model.OnnxConverter.OnnxNode",
        "Microsoft.ML.Model.OnnxConverter.OnnxNode.AddAttribute",
        "Microsoft.ML.ModelHeader",
        "Microsoft.ML.ModelHeader.ModelSignature",
        "Microsoft.ML.ModelHeader.ModelVerReadable",
        "Microsoft.ML.ModelHeader.ModelVerWritten",
        "Microsoft.ML.ModelLoadContext",
        "Microsoft.ML.ModelLoadContext.CheckAtModel",
        "Microsoft.ML.ModelLoadContext.Directory",
        "Microsoft.ML.ModelLoadContext.Header",
        "Microsoft.ML.ModelLoadContext.Reader",
        "Microsoft.ML.ModelLoadContext.Repository",
        "Microsoft.ML.ModelSaveContext.CheckAtModel",
        "Microsoft.ML.ModelSaveContext.Directory",
        "Microsoft.ML.ModelSaveContext.Repository",
        "Microsoft.ML.ModelSaveContext.SetVersionInfo",
        "Microsoft.ML.ModelSaveContext.Writer",
        "Microsoft.ML.Repository",
        "Microsoft.ML.Repository+Entry",
        "Microsoft.ML.Repository+Entry.get_Stream",
        "Microsoft.ML.RepositoryReader",
        "Microsoft.ML.RepositoryReader.OpenEntryOrNull",
        "Microsoft.ML.RepositoryWriter",
        "Microsoft.ML.RepositoryWriter.CreateEntry",
        "Microsoft.ML.Runtime.ICancelable",
        "Microsoft.ML.Runtime.ICancelable.get_IsCanceled",
        "Microsoft.ML.Runtime.IHostEnvironmentInternal",
        "Microsoft.ML.Runtime.IHostEnvironmentInternal.get_FallbackToCpu",
        "Microsoft.ML.Runtime.IHostEnvironmentInternal.get_GpuDeviceId",
        "Microsoft.ML.SchemaShape+Column..ctor",
        "Microsoft.ML.SignatureLoadModel",
        "Microsoft.ML.VersionInfo",
        "Microsoft.ML.VersionInfo..ctor",
        "Microsoft.ML.VersionInfo.ModelSignature",
        "Microsoft.ML.VersionInfo.VerWrittenCur",
    ];

    [TestMethod]
    public void EachInternalMemberIsKnownAndThere()
    {
        string library = typeof(VisionTransformerTrainer).Assembly.Location;
        using var pe = new PEReader(File.OpenRead(library));
        var metadata = pe.GetMetadataReader();
        string version = typeof(MLContext).Assembly.GetName().Version!.ToString();
        var gone = new List<string>();
        var used = new SortedSet<string>(StringComparer.Ordinal);

        foreach (var handle in metadata.TypeReferences)
        {
            if (FullName(metadata, handle) is not { } name)
                continue;
            if (Find(name) is not { } type)
                gone.Add(name);
            else if (!type.IsVisible)
                used.Add(name);
        }

        foreach (var handle in metadata.MemberReferences)
        {
            var reference = metadata.GetMemberReference(handle);
            if (reference.Parent.Kind != HandleKind.TypeReference || FullName(metadata, (TypeReferenceHandle)reference.Parent) is not { } owner || Find(owner) is not { } type)
                continue;
            string name = metadata.GetString(reference.Name);
            var found = type.GetMember(name, Anything);
            if (found.Length == 0)
                gone.Add($"{owner}.{name}");
            else if (!type.IsVisible || !found.Any(IsOpen))
                used.Add($"{owner}.{name}");
        }

        Assert.IsEmpty(gone, $"ML.NET {version} no longer has what this library uses of its internals: {string.Join(", ", gone)}. See src/Microsoft.ML.VisionTransformer/Interop.");
        Assert.AreEqual(string.Join('\n', _expected), string.Join('\n', used), "internal members of ML.NET in use");
    }

    /// <summary>Without them, saving compresses the weights and loading copies them once more: slower, but still correct.</summary>
    [TestMethod]
    [DataRow("Microsoft.ML.RepositoryWriter", "_archive", typeof(ZipArchive))]
    [DataRow("Microsoft.ML.RepositoryReader", "_entries", typeof(Dictionary<string, ZipArchiveEntry>))]
    public void EachPrivateFieldIsThere(string owner, string name, Type type)
    {
        var field = Find(owner)?.GetField(name, BindingFlags.NonPublic | BindingFlags.Instance);
        Assert.AreEqual(type, field?.FieldType, $"ML.NET no longer keeps its archive in {owner}.{name}. See StoredEntries in Interop/ModelWriter.cs.");
    }

    [TestMethod]
    public void OnlyInteropAndTheTransformersUseThem()
    {
        // The compiler sees reference assemblies with public members, so any file could use internals; these namespaces and types reveal it.
        string[] telltale = ["ModelSaveContext", "ModelLoadContext", "VersionInfo", "LoadableClass", "CatalogUtils", "IHostEnvironmentInternal", "ICancelable", "OnnxContext", "new SchemaShape.Column("];
        string source = SourceTree.Library;

        var touching = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Select(f => (Path: Path.GetRelativePath(source, f).Replace('\\', '/'), Text: File.ReadAllText(f)))
            .Where(f => !f.Path.StartsWith("obj/", StringComparison.Ordinal) && !f.Path.StartsWith("Interop/", StringComparison.Ordinal))
            .Where(f => telltale.Any(t => f.Text.Contains(t, StringComparison.Ordinal)))
            .Select(f => f.Path);

        // ML.NET requires the loader and Save of a transformer on the transformer itself.
        CollectionAssert.AreEqual(
            new[]
            {
                "Scoring/VisionTransformerExplanationTransformer.cs",
                "Scoring/VisionTransformerFeatureTransformer.cs",
                "Scoring/VisionTransformerPredictionTransformer.cs",
            },
            touching.Order(StringComparer.Ordinal).ToArray());
    }

    private static bool IsOpen(MemberInfo member) => member switch
    {
        MethodBase m => (m.Attributes & Access) is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem,
        FieldInfo f => f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly,
        _ => true,
    };

    private static Type? Find(string name) => new[] { "Microsoft.ML.Core", "Microsoft.ML.Data" }.Select(a => Assembly.Load(a).GetType(name)).FirstOrDefault(t => t is not null);

    /// <summary>The name of a type in one of the two assemblies with access to internals, or null.</summary>
    private static string? FullName(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        string name = metadata.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
            return FullName(metadata, (TypeReferenceHandle)type.ResolutionScope) is { } outer ? $"{outer}+{name}" : null;
        if (type.ResolutionScope.Kind != HandleKind.AssemblyReference)
            return null;
        string assembly = metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name);
        return assembly is "Microsoft.ML.Core" or "Microsoft.ML.Data" ? $"{metadata.GetString(type.Namespace)}.{name}" : null;
    }
}
