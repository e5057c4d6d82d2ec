// Mutates NumPy archives: the headers of arrays, their values, and the archive itself.
using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Fuzz;

internal sealed class NpzFormat(string root) : CheckpointFormat
{
    private const int Format = 5, UnchangedEvery = 20;

    private static readonly string[] _words =
    [
        "'<f4'", "'<f8'", "'|O'", "'>f4'", "'<i8'", "'|V2'", "'<U9'", "True", "False", "(1, 32)", "(0,)", "()", "(-1,)", "(2147483647, 2147483647)", "(9223372036854775807, 9)", "(1e9,)", "(3,) * 10**9",
        "((1,), 2)", "'shape'", "'descr'", "'fortran_order'", "}", "{", "__import__('os')", "[('a', '<f4')]", "99999999999999999999",
    ];

    private readonly byte[][] _files = [.. new[] { "jax/vit.npz", "jax/vit_fortran_order.npz", "jax/vit_big_vision_scan.npz" }.Select(name => File.ReadAllBytes(Path.Combine(root, name)))];

    internal override byte[] Make(int number)
    {
        var random = RandomOf(Format, number);
        byte[] file = _files[random.Next(_files.Length)];
        if (random.Next(UnchangedEvery) == 0)
            return file;
        if (random.Next(3) == 0)
            return ByteMutator.Change(file, random);
        var members = ZipBytes.Read(file);
        int index = random.Next(members.Count);
        var (name, content) = members[index];
        switch (random.Next(6))
        {
            case 0:
                members.RemoveAt(index);
                break;
            case 1:
                members.Add(members[random.Next(members.Count)]);
                break;
            case 2:
                members[index] = (name + (char)random.Next(32, 127), content);
                break;
            case 3:
                members[index] = (name, ByteMutator.Change(content, random, most: 128));
                break;
            default:
                members[index] = (name, WithHeader(content, random));
                break;
        }

        return ZipBytes.Write(members, random.Next(2) == 0 ? CompressionLevel.NoCompression : CompressionLevel.Fastest);
    }

    /// <summary>A member with words of its header replaced; the header length stays correct.</summary>
    private static byte[] WithHeader(byte[] member, Random random)
    {
        int length = member[8] + 256 * member[9];
        string text = Encoding.Latin1.GetString(member, 10, length);
        int from = random.Next(text.Length), to = Math.Min(text.Length, from + random.Next(12));
        text = text[..from] + _words[random.Next(_words.Length)] + text[to..];
        byte[] header = Encoding.Latin1.GetBytes(text);
        return [.. member[..8], (byte)header.Length, (byte)(header.Length >> 8), .. header, .. member[(10 + length)..]];
    }
}
