// Reads the header of a .npy array: data type, order and shape.
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;

/// <summary>A validated header that matches the size of its member. Format: NEP 1 and <c>numpy.lib.format</c>.</summary>
/// <param name="ValueType">The data type.</param>
/// <param name="FortranOrder">Whether the values are column-major.</param>
/// <param name="Shape">The shape; no size is negative.</param>
/// <param name="Length">Bytes before the first value, at most twice <see cref="LongestText"/>.</param>
internal sealed record NpyHeader(NpyValueType ValueType, bool FortranOrder, long[] Shape, int Length)
{
    /// <summary>Longest header text that is accepted, in bytes. NumPy's headers have about 120 bytes.</summary>
    internal const int LongestText = 64 * 1024;

    /// <summary>The limit of NumPy 2.</summary>
    private const int MaxDimensions = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads and validates the header at the start of a member.</summary>
    /// <exception cref="InvalidCheckpointException">The header is invalid, describes an unsupported array, or does not match the member's size.</exception>
    /// <exception cref="EndOfStreamException">The member ends within the header.</exception>
    internal static NpyHeader Read(Stream content, NpzMember member)
    {
        Span<byte> start = stackalloc byte[8];
        content.ReadExactly(start);
        if (!start[..6].SequenceEqual(Magic))
            throw member.Error(
                $"it starts with {Convert.ToHexString(start[..6])}, but a .npy array starts with {Convert.ToHexString(Magic)}: it is not an array. "
                + "Download the file again.");
        int major = start[6];
        if (major is < 1 or > 3 || start[7] != 0)
            throw member.Error($"it has .npy version {major}.{start[7]}; only 1.0, 2.0 and 3.0 are supported. Save it with numpy.savez.");

        Span<byte> length = stackalloc byte[4];
        length.Clear();
        int width = major == 1 ? 2 : 4;
        content.ReadExactly(length[..width]);
        uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (bytes > LongestText || start.Length + width + bytes > member.Length)
            throw member.Error(Text(
                $"its header claims {bytes} bytes; the member has {member.Length}, and at most {LongestText} are allowed. Download the file again."));

        byte[] text = new byte[bytes];
        content.ReadExactly(text);
        var header = Check((major == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(text), start.Length + width + text.Length, member);
        header.CheckSize(member);
        return header;
    }

    private static NpyHeader Check(string text, int length, NpzMember member)
    {
        NpyHeaderText fields;
        try
        {
            fields = NpyHeaderText.Parse(text);
        }
        catch (FormatException e)
        {
            throw member.Error($"its header cannot be read: {e.Message} Save plain arrays with numpy.savez.", e);
        }

        string descr = fields.Descr;
        if (descr.EndsWith('O'))
            throw member.Error(
                $"dtype {descr} is an array of Python objects, a pickle that can run code when loaded, and is not supported. Save plain numeric arrays.");
        var type = NpyValueType.Find(descr)
            ?? throw member.Error(
                $"dtype {descr} is not supported; f2, f4, f8, V2 (bfloat16), integers and b1 are. Convert it with astype('<f4') and save it again.");
        if (fields.Shape.Length > MaxDimensions || fields.Shape.Any(size => size < 0))
            throw member.Error(
                $"shape {Show(fields.Shape)} is invalid: at most {MaxDimensions} sizes, none negative, are expected. Download the file again.");
        return new NpyHeader(type, fields.FortranOrder, fields.Shape, length);
    }

    private void CheckSize(NpzMember member)
    {
        long found = member.Length - Length;
        try
        {
            long needed = checked(Shape.Aggregate(1L, (product, size) => checked(product * size)) * ValueType.Size);
            if (needed != found)
                throw member.Error(
                    Text($"shape {Show(Shape)} of {ValueType.Name} needs {needed} bytes of values, but the member has {found}. Download the file again."));
        }
        catch (OverflowException e)
        {
            throw member.Error(
                Text($"shape {Show(Shape)} of {ValueType.Name} exceeds 64 bits, but the member has {found} bytes of values. Download the file again."),
                e);
        }
    }

    private static string Show(long[] shape) => shape.Length > MaxDimensions
        ? Text($"of {shape.Length} sizes")
        : $"({string.Join(", ", shape.Select(s => s.ToString(CultureInfo.InvariantCulture)))})";

    private static string Text(FormattableString message) => message.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The parsed header dictionary. Its three values are not validated.</summary>
/// <param name="Descr">The dtype, such as <c>&lt;f4</c>.</param>
/// <param name="FortranOrder">Whether the values are column-major.</param>
/// <param name="Shape">The sizes as written, possibly negative.</param>
internal sealed partial record NpyHeaderText(string Descr, bool FortranOrder, long[] Shape)
{
    /// <summary>
    /// Parses <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), }</c> with the keys in any order, each exactly once, and no others.
    /// </summary>
    /// <exception cref="FormatException">The text has another form. The message says what was expected, and what was found at which position.</exception>
    internal static NpyHeaderText Parse(string text)
    {
        var tokens = new Tokens(text);
        string? descr = null;
        bool? fortranOrder = null;
        long[]? shape = null;

        tokens.Take("{");
        while (!tokens.TryTake("}"))
        {
            string key = ReadString(tokens, "a key");
            tokens.Take(":");
            if (key == "descr" && descr is null)
                descr = ReadDescr(tokens);
            else if (key == "fortran_order" && fortranOrder is null)
                fortranOrder = tokens.TryTake("True") || !tokens.Take("False");
            else if (key == "shape" && shape is null)
                shape = ReadShape(tokens);
            else
                throw new FormatException($"the key '{key}' is unknown or repeated; descr, fortran_order and shape are expected.");
            if (!tokens.TryTake(","))
            {
                tokens.Take("}");
                break;
            }
        }

        tokens.Take("");
        return new NpyHeaderText(descr ?? throw Missing("descr"), fortranOrder ?? throw Missing("fortran_order"), shape ?? throw Missing("shape"));
    }

    private static string ReadDescr(Tokens tokens) => tokens.Next is "[" or "("
        ? throw new FormatException("its dtype has fields (a structured array); a plain numeric type is expected.")
        : ReadString(tokens, "a dtype");

    private static string ReadString(Tokens tokens, string what) =>
        tokens.Next is ['\'', .., '\''] or ['"', .., '"'] ? tokens.Move()[1..^1] : throw tokens.Unexpected($"{what} in quotes");

    /// <summary>Reads a tuple: <c>()</c>, <c>(3,)</c> or <c>(3, 4)</c>, but not <c>(3)</c>, which is a number. Python 2 wrote <c>3L</c>.</summary>
    private static long[] ReadShape(Tokens tokens)
    {
        var sizes = new List<long>();
        tokens.Take("(");
        while (!tokens.TryTake(")"))
        {
            if (!long.TryParse(tokens.Next.TrimEnd('L'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long size))
                throw tokens.Unexpected("a size of at most 64 bits");
            tokens.Move();
            sizes.Add(size);
            if (tokens.TryTake(","))
                continue;
            if (sizes.Count == 1)
                throw tokens.Unexpected("a comma");
            tokens.Take(")");
            break;
        }

        return [.. sizes];
    }

    private static FormatException Missing(string key) => new($"the key '{key}' is missing.");

    /// <summary>A string, a number, a word, any other character, or the end of the text; preceding whitespace is skipped.</summary>
    [GeneratedRegex("""\G[ \t\r\n]*('[^'\\\r\n]*'|"[^"\\\r\n]*"|[+-]?[0-9]+L?|[A-Za-z_]+|[^ \t\r\n]|\z)""", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    /// <summary>The tokens of the text.</summary>
    private sealed class Tokens(string text)
    {
        private const int LongestShown = 40;

        private Match _match = Token().Match(text);

        internal string Next => _match.Groups[1].Value;

        internal string Move()
        {
            string taken = Next;
            _match = Token().Match(text, _match.Index + _match.Length);
            return taken;
        }

        internal bool TryTake(string token)
        {
            if (Next != token)
                return false;
            if (token.Length > 0)
                Move();
            return true;
        }

        internal bool Take(string token) => TryTake(token) ? true : throw Unexpected(token.Length == 0 ? "the end" : $"'{token}'");

        internal FormatException Unexpected(string expected)
        {
            int at = _match.Groups[1].Index;
            string found = at == text.Length ? "the end" : $"'{text[at..Math.Min(text.Length, at + LongestShown)].TrimEnd()}'";
            return new(string.Create(CultureInfo.InvariantCulture, $"{expected} is expected at character {at}, found {found}."));
        }
    }
}

/// <summary>A NumPy dtype of fixed size.</summary>
/// <param name="Name">NumPy's name, such as <c>&lt;f4</c>.</param>
/// <param name="Type">The data type.</param>
/// <param name="Size">Bytes per value: 1, 2, 4 or 8.</param>
/// <param name="BigEndian">Whether a value's most significant byte comes first.</param>
internal sealed record NpyValueType(string Name, StoredType Type, int Size, bool BigEndian)
{
    /// <summary>Parses a descr: a byte order (<c>&lt;</c> or <c>&gt;</c>; <c>=</c> and <c>|</c> count as little-endian), a kind, and a size.</summary>
    /// <returns>The type; null if it is not supported.</returns>
    internal static NpyValueType? Find(string descr)
    {
        if (descr.Length == 0 || !"<>=|".Contains(descr[0], StringComparison.Ordinal))
            return null;

        // bfloat16 has no NumPy name, and JAX saves it as two bytes of type void.
        (StoredType, int)? found = descr[1..] switch
        {
            "f2" => (StoredType.Float16, 2),
            "f4" => (StoredType.Float32, 4),
            "f8" => (StoredType.Float64, 8),
            "V2" => (StoredType.BFloat16, 2),
            "b1" or "i1" or "u1" => (StoredType.Other, 1),
            "i2" or "u2" => (StoredType.Other, 2),
            "i4" or "u4" => (StoredType.Other, 4),
            "i8" or "u8" => (StoredType.Other, 8),
            _ => null,
        };
        return found is var (type, size) ? new(descr, type, size, descr[0] == '>') : null;
    }

    /// <summary>Converts floating-point values to float32. <paramref name="bytes"/> is changed to the machine's byte order in place.</summary>
    internal void ToFloats(Span<byte> bytes, Span<float> values)
    {
        if (BigEndian == BitConverter.IsLittleEndian)
            Reverse(bytes);

        var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
        switch (Type)
        {
            case StoredType.Float32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                break;
            case StoredType.Float16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)BitConverter.UInt16BitsToHalf(halves[i]);
                break;
            case StoredType.BFloat16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
                break;
            case StoredType.Float64:
                var doubles = MemoryMarshal.Cast<byte, double>(bytes);
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)doubles[i];
                break;
            default:
                throw new InvalidOperationException($"{Name} is not a floating-point type.");
        }
    }

    private void Reverse(Span<byte> bytes)
    {
        for (; bytes.Length >= Size; bytes = bytes[Size..])
            bytes[..Size].Reverse();
    }
}
