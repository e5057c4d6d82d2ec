// TorchSharp's operators and implicit scalars are not safe against the garbage collector: the library may not use them.
using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed class TensorOperatorsTests
{
    private static readonly HashSet<string> _addsOne = ["add", "add_", "sub", "sub_"];

    [TestMethod]
    public void TheLibraryUsesNoOperatorAndNoImplicitScalar()
    {
        using var pe = new PEReader(File.OpenRead(typeof(VisionTransformerTrainer).Assembly.Location));
        var metadata = pe.GetMetadataReader();
        var found = new List<string>();
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference)
                continue;
            string owner = metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name), name = metadata.GetString(member.Name);
            bool unsafeScalar = owner == "Scalar" && name == "op_Implicit";
            bool unsafeOperator = owner == "Tensor" && (name.StartsWith("op_", StringComparison.Ordinal) || (_addsOne.Contains(name) && Parameters(member) == 1));
            if (unsafeScalar || unsafeOperator)
                found.Add($"{owner}.{name}");
        }

        Assert.IsEmpty(found, $"{string.Join(", ", found)}: use Common/TensorMath, which keeps scalars alive");
    }

    private static int Parameters(MemberReference member) => member.DecodeMethodSignature(new Untyped(), null).ParameterTypes.Length;

    /// <summary>Only the number of parameters matters.</summary>
    private sealed class Untyped : ISignatureTypeProvider<int, object?>
    {
        public int GetArrayType(int elementType, ArrayShape shape) => 0;

        public int GetByReferenceType(int elementType) => 0;

        public int GetFunctionPointerType(MethodSignature<int> signature) => 0;

        public int GetGenericInstantiation(int genericType, ImmutableArray<int> typeArguments) => 0;

        public int GetGenericMethodParameter(object? genericContext, int index) => 0;

        public int GetGenericTypeParameter(object? genericContext, int index) => 0;

        public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;

        public int GetPinnedType(int elementType) => 0;

        public int GetPointerType(int elementType) => 0;

        public int GetPrimitiveType(PrimitiveTypeCode typeCode) => 0;

        public int GetSZArrayType(int elementType) => 0;

        public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => 0;
    }
}
