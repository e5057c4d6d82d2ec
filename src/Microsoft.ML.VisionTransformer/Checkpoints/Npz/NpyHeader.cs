// The header of a .npy array: what the values are and how many.
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A header that has been checked, also against the size of its member. Format: NEP 1 and <c>numpy.lib.format</c>.</summary>
/// <param name="ValueType">The number format.</param>
/// <param name="FortranOrder">Whether the values are column-major.</param>
/// <param name="Shape">Sizes, none negative.</param>
/// <param name="Length">Bytes before the first value, at most twice <see cref="LongestText"/>.</param>
internal sealed record NpyHeader(NpyValueType ValueType, bool FortranOrder, long[] Shape, int Length)
{
    /// <summary>Longest header text that is read, in bytes. NumPy's are about 120; a plain array has no use for more.</summary>
    internal const int LongestText = 64 * 1024;

    /// <summary>Most dimensions that an array has in NumPy 2.</summary>
    private const int MostDimensions = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads and checks the header at the start of a member.</summary>
    /// <exception cref="InvalidCheckpointException">It is no header, or one of an array that is not read, or does not fit the member.</exception>
    /// <exception cref="EndOfStreamException">The member ends within it.</exception>
    internal static NpyHeader Read(Stream content, NpzMember member)
    {
        Span<byte> start = stackalloc byte[8];
        content.ReadExactly(start);
        if (!start[..6].SequenceEqual(Magic))
            throw member.Error(
                $"it starts with {Convert.ToHexString(start[..6])}, a .npy array with {Convert.ToHexString(Magic)}: it is no array. Get the file again.");
        int major = start[6];
        if (major is < 1 or > 3 || start[7] != 0)
            throw member.Error($"it is of .npy version {major}.{start[7]}; 1.0, 2.0 and 3.0 are read. Save it with numpy.savez.");

        Span<byte> length = stackalloc byte[4];
        length.Clear();
        int width = major == 1 ? 2 : 4;
        content.ReadExactly(length[..width]);
        uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(length);
        if (bytes > LongestText || start.Length + width + bytes > member.Length)
            throw member.Error(Text(
                $"its header claims {bytes} bytes; the member has {member.Length}, and {LongestText} is the most that is read. Get the file again."));

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
                $"dtype {descr} is an array of Python objects, a pickle that can run code when loaded; it is never read. Save plain number arrays.");
        var type = NpyValueType.Find(descr)
            ?? throw member.Error(
                $"dtype {descr} is not read; f2, f4, f8, V2 (bfloat16), whole numbers and b1 are. Convert it with astype('<f4') and save it again.");
        if (fields.Shape.Length > MostDimensions || fields.Shape.Any(size => size < 0))
            throw member.Error(
                $"shape {Show(fields.Shape)} is not possible: at most {MostDimensions} sizes, none negative, are expected. Get the file again.");
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
                    Text($"shape {Show(Shape)} of {ValueType.Name} needs {needed} bytes of values, the member has {found}. Get the file again."));
        }
        catch (OverflowException e)
        {
            throw member.Error(
                Text($"shape {Show(Shape)} of {ValueType.Name} is more than can be counted, the member has {found} bytes of values. Get the file again."),
                e);
        }
    }

    private static string Show(long[] shape) => shape.Length > MostDimensions
        ? Text($"of {shape.Length} sizes")
        : $"({string.Join(", ", shape.Select(s => s.ToString(CultureInfo.InvariantCulture)))})";

    private static string Text(FormattableString message) => message.ToString(CultureInfo.InvariantCulture);
}
