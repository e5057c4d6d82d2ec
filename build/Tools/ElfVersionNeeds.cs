// Makes one version that an ELF library needs from another library weak, so that an older copy of that library will do.
using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.VisionTransformer.BuildTools;

/// <summary>
/// Edits <c>.gnu.version_r</c> of a 64-bit little-endian ELF image in place (Linux Standard Base, "Symbol Versioning"; layouts Elf64_Verneed
/// and Elf64_Vernaux). The loader refuses a library whose needed version is missing, unless the entry has VER_FLG_WEAK.
/// </summary>
internal static class ElfVersionNeeds
{
    private const uint DynamicSymbols = 11, VersionSymbols = 0x6fffffff, VersionNeeds = 0x6ffffffe;
    private const ushort Weak = 0x2;

    /// <summary>Relaxes what TorchSharp 0.107.0's library for Linux needs from GCC 13's libstdc++ and never calls; docs/how-it-builds.md has the reason.</summary>
    /// <inheritdoc cref="Relax"/>
    internal static bool RelaxTorchSharp(byte[] image) => Relax(image, "libstdc++.so.6", "GLIBCXX_3.4.32", "_ZSt21ios_base_library_initv");

    /// <summary>
    /// Marks the need of <paramref name="version"/> from <paramref name="library"/> weak. Returns false, and changes nothing, where the
    /// image has no such need or where it is weak already.
    /// </summary>
    /// <param name="image">The library's bytes.</param>
    /// <param name="library">File name of the library that provides the version.</param>
    /// <param name="version">Version name.</param>
    /// <param name="onlySymbol">The one symbol that may carry the version: with any other the need is real.</param>
    /// <exception cref="BadImageFormatException">Not a 64-bit little-endian ELF file, a broken one, or another symbol needs the version.</exception>
    internal static bool Relax(byte[] image, string library, string version, string onlySymbol)
    {
        try
        {
            var sections = Sections(image);
            if (!sections.TryGetValue(VersionNeeds, out var needs) || FindNeed(image, needs, library, version) is not { } entry)
                return false;
            ushort flags = U16(image, entry + 4);
            if ((flags & Weak) != 0)
                return false;
            RefuseOtherSymbols(image, sections, (ushort)(U16(image, entry + 6) & 0x7fff), version, onlySymbol);
            BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(entry + 4), (ushort)(flags | Weak));
            return true;
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException or IndexOutOfRangeException)
        {
            throw new BadImageFormatException("the ELF file is broken: an offset points outside it", e);
        }
    }

    /// <summary>A section: where it starts, how long it is, and where the strings it names lie.</summary>
    private readonly record struct Section(int Offset, int Size, int Strings);

    private static Dictionary<uint, Section> Sections(byte[] image)
    {
        if (image.Length < 64 || !image.AsSpan(0, 6).SequenceEqual(new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1 }))
            throw new BadImageFormatException("not a 64-bit little-endian ELF file");
        int table = I64(image, 40), size = U16(image, 58), count = U16(image, 60);
        var found = new Dictionary<uint, Section>();
        for (int i = 0; i < count; i++)
        {
            int header = checked(table + i * size), link = checked(table + (int)U32(image, header + 40) * size);
            found.TryAdd(U32(image, header + 4), new Section(I64(image, header + 24), I64(image, header + 32), I64(image, link + 24)));
        }

        return found;
    }

    /// <summary>Offset of the Vernaux entry of the version, or null.</summary>
    private static int? FindNeed(byte[] image, Section needs, string library, string version)
    {
        for (int need = needs.Offset; ;)
        {
            if (Text(image, needs.Strings, U32(image, need + 4)) == library)
            {
                int entry = checked(need + (int)U32(image, need + 8));
                for (int left = U16(image, need + 2); left > 0; left--)
                {
                    if (Text(image, needs.Strings, U32(image, entry + 8)) == version)
                        return entry;
                    entry = checked(entry + (int)U32(image, entry + 12));
                }
            }

            int next = checked((int)U32(image, need + 12));
            if (next == 0)
                return null;
            need = checked(need + next);
        }
    }

    private static void RefuseOtherSymbols(byte[] image, Dictionary<uint, Section> sections, ushort index, string version, string onlySymbol)
    {
        if (!sections.TryGetValue(DynamicSymbols, out var symbols) || !sections.TryGetValue(VersionSymbols, out var versions))
            throw new BadImageFormatException("the ELF file has no dynamic symbols");
        for (int i = 0; i < versions.Size / 2; i++)
        {
            if ((U16(image, versions.Offset + 2 * i) & 0x7fff) != index)
                continue;
            string name = Text(image, symbols.Strings, U32(image, symbols.Offset + 24 * i));
            if (name != onlySymbol)
                throw new BadImageFormatException($"{name} needs {version}: the library really uses it and cannot run without");
        }
    }

    private static string Text(byte[] image, int strings, uint offset)
    {
        var rest = image.AsSpan(checked(strings + (int)offset));
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private static ushort U16(byte[] image, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(offset));

    private static uint U32(byte[] image, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(offset));

    private static int I64(byte[] image, int offset) => checked((int)BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan(offset)));
}
