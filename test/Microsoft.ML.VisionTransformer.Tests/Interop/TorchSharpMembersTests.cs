// The TorchSharp members that the library uses, to detect those that an older version lacks.
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Interop;

[TestClass]
public sealed class TorchSharpMembersTests(TestContext context)
{
    private static readonly string _approved = TestData.Path("torchsharp-members", "members.txt");

    [TestMethod]
    public void TheMembersInUseAreTheKnownOnes()
    {
        using var pe = new PEReader(File.OpenRead(typeof(VisionTransformerTrainer).Assembly.Location));
        var metadata = pe.GetMetadataReader();
        string[] members = [.. metadata.MemberReferences.Select(h => Describe(metadata, metadata.GetMemberReference(h))).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        string found = string.Join('\n', members) + "\n";
        string received = Path.ChangeExtension(_approved, ".received.txt");
        string expected = File.Exists(_approved) ? File.ReadAllText(_approved).ReplaceLineEndings("\n") : "";
        if (found != expected)
            File.WriteAllText(received, found);

        context.WriteLine($"{members.Length} members of TorchSharp in use.");
        Assert.AreEqual(expected, found, $"The library uses other members of TorchSharp. If 0.106.0 has the new ones, replace {_approved} with {received}.");
        File.Delete(received);
    }

    /// <summary>"torch.Tensor.add_(Tensor) -> Tensor", or null for a member of something else.</summary>
    private static string? Describe(MetadataReader metadata, MemberReference member)
    {
        if (Owner(metadata, member.Parent) is not { } owner)
            return null;
        string name = $"{owner}.{metadata.GetString(member.Name)}";
        if (member.GetKind() == MemberReferenceKind.Field)
            return $"{name}: {member.DecodeFieldSignature(SignatureText.Instance, null)}";
        var signature = member.DecodeMethodSignature(SignatureText.Instance, null);
        string generic = signature.GenericParameterCount == 0 ? "" : $"<{string.Join(", ", Enumerable.Range(0, signature.GenericParameterCount).Select(i => $"M{i}"))}>";
        return $"{name}{generic}({string.Join(", ", signature.ParameterTypes)}) -> {signature.ReturnType}";
    }

    private static string? Owner(MetadataReader metadata, EntityHandle parent) => parent.Kind switch
    {
        HandleKind.TypeReference when IsTorchSharp(metadata, (TypeReferenceHandle)parent) => SignatureText.NameOf(metadata, (TypeReferenceHandle)parent),
        HandleKind.TypeSpecification => OwnerOfSpecification(metadata, (TypeSpecificationHandle)parent),
        _ => null,
    };

    /// <summary>An instance of a generic type: its signature begins with the type itself (ECMA-335, II.23.2.14).</summary>
    private static string? OwnerOfSpecification(MetadataReader metadata, TypeSpecificationHandle handle)
    {
        var blob = metadata.GetBlobReader(metadata.GetTypeSpecification(handle).Signature);
        if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            return null;
        blob.ReadSignatureTypeCode();
        return blob.ReadTypeHandle() is { Kind: HandleKind.TypeReference } type && IsTorchSharp(metadata, (TypeReferenceHandle)type)
            ? metadata.GetTypeSpecification(handle).DecodeSignature(SignatureText.Instance, null)
            : null;
    }

    private static bool IsTorchSharp(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var scope = metadata.GetTypeReference(handle).ResolutionScope;
        return scope.Kind == HandleKind.TypeReference
            ? IsTorchSharp(metadata, (TypeReferenceHandle)scope)
            : scope.Kind == HandleKind.AssemblyReference && metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)scope).Name) == "TorchSharp";
    }
}
