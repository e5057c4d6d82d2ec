// Makes the internal members of a managed assembly visible to the compiler, by changing visibility bits in its metadata tables.
using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Microsoft.ML.VisionTransformer.BuildTools;

/// <summary>
/// Rewrites visibility in place (ECMA-335 II.22.15, II.22.26, II.22.37): <c>internal</c> becomes <c>public</c>, <c>private protected</c>
/// becomes <c>protected</c>, <c>private</c> stays. Only types under <c>Microsoft.ML</c> change: assemblies also carry internal copies of
/// framework attributes, which would clash with the real ones.
/// </summary>
public static class OpenedAssembly
{
    private const string OpenedNamespace = "Microsoft.ML";

    /// <summary>Opens the assembly image <paramref name="image"/> in place.</summary>
    /// <exception cref="BadImageFormatException">The bytes are not a managed assembly.</exception>
    public static void Open(byte[] image)
    {
        using var pe = new PEReader(new MemoryStream(image, writable: false));
        if (!pe.HasMetadata)
            throw new BadImageFormatException("not a managed assembly");
        var metadata = pe.GetMetadataReader();
        int start = pe.PEHeaders.MetadataStartOffset;

        foreach (var handle in metadata.TypeDefinitions)
        {
            if (!IsOpened(metadata, handle))
                continue;
            var type = metadata.GetTypeDefinition(handle);
            Rewrite32(image, RowOffset(metadata, start, TableIndex.TypeDef, handle), OpenType);
            foreach (var method in type.GetMethods())
                Rewrite16(image, RowOffset(metadata, start, TableIndex.MethodDef, method) + 6, OpenMember);    // RVA (4), ImplFlags (2), Flags
            foreach (var field in type.GetFields())
                Rewrite16(image, RowOffset(metadata, start, TableIndex.Field, field), OpenMember);
        }
    }

    private static bool IsOpened(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        string space = metadata.GetString(type.Namespace);
        return space == OpenedNamespace || space.StartsWith(OpenedNamespace + ".", StringComparison.Ordinal);
    }

    private static int RowOffset(MetadataReader metadata, int start, TableIndex table, EntityHandle handle) =>
        start + metadata.GetTableMetadataOffset(table) + (MetadataTokens.GetRowNumber(handle) - 1) * metadata.GetTableRowSize(table);

    private static uint OpenType(uint flags)
    {
        const uint Mask = (uint)TypeAttributes.VisibilityMask;
        var visibility = (TypeAttributes)(flags & Mask) switch
        {
            TypeAttributes.NotPublic => TypeAttributes.Public,
            TypeAttributes.NestedAssembly => TypeAttributes.NestedPublic,
            TypeAttributes.NestedFamANDAssem => TypeAttributes.NestedFamily,
            var other => other,
        };
        return (flags & ~Mask) | (uint)visibility;
    }

    /// <summary>Methods and fields share the layout of their access bits.</summary>
    private static ushort OpenMember(ushort flags)
    {
        const int Mask = (int)MethodAttributes.MemberAccessMask;
        var access = (MethodAttributes)(flags & Mask) switch
        {
            MethodAttributes.Assembly => MethodAttributes.Public,
            MethodAttributes.FamANDAssem => MethodAttributes.Family,
            var other => other,
        };
        return (ushort)((flags & ~Mask) | (int)access);
    }

    private static void Rewrite32(byte[] image, int offset, Func<uint, uint> change)
    {
        var at = image.AsSpan(offset);
        BinaryPrimitives.WriteUInt32LittleEndian(at, change(BinaryPrimitives.ReadUInt32LittleEndian(at)));
    }

    private static void Rewrite16(byte[] image, int offset, Func<ushort, ushort> change)
    {
        var at = image.AsSpan(offset);
        BinaryPrimitives.WriteUInt16LittleEndian(at, change(BinaryPrimitives.ReadUInt16LittleEndian(at)));
    }
}
