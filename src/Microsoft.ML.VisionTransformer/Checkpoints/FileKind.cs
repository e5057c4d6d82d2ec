// Tells from its first bytes what a file is.
using System.Buffers.Binary;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>What the first bytes of a file say that it is.</summary>
internal enum FileKind
{
    /// <summary>None of the others.</summary>
    Unknown,

    /// <summary>No bytes at all.</summary>
    Empty,

    /// <summary>A safetensors file, sound or not.</summary>
    Safetensors,

    /// <summary>A zip archive, sound or not: NumPy's and PyTorch's files.</summary>
    Zip,

    /// <summary>A Python pickle outside an archive: PyTorch's files from before version 1.6 begin like this too.</summary>
    Pickle,

    /// <summary>An ONNX model, of this library or another program.</summary>
    Onnx,

    /// <summary>JSON, as the index of a sharded checkpoint is.</summary>
    Json,

    /// <summary>The small text that Git keeps in place of a large file.</summary>
    LfsPointer,

    /// <summary>HTML or XML: what servers answer in place of a file.</summary>
    Markup,
}

/// <summary>Tells from its first bytes what a file is.</summary>
/// <remarks>
/// A safetensors file begins with the length of its header, 64 bits of which a sound one uses at most 32, and a brace behind it. A zip archive begins with PK,
/// a pickle of protocol 2 and later with 0x80 and its number. These come first, as both may have zeros where a length has them; what is left and still has
/// zeros in the length, or a brace behind it, is a broken safetensors file.
/// </remarks>
internal static class FileSignature
{
    /// <summary>Number of bytes that are looked at.</summary>
    internal const int Length = 512;

    /// <summary>Number of bytes that a message shows of a file that is not recognised.</summary>
    internal const int ShownBytes = 8;

    private const byte PickleMark = 0x80;
    private const int HighestPickleProtocol = 5;

    /// <summary>An ONNX file begins with the version of the format; the name of its producer follows, or in some the graph.</summary>
    private const byte OnnxVersionTag = 0x08, OnnxProducerTag = 0x12, OnnxGraphTag = 0x3A, HighestOnnxVersion = 32;

    internal static FileKind Of(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
            return FileKind.Empty;
        var length = start[..Math.Min(start.Length, SafetensorsHeader.LengthBytes)];
        bool shortLength = start.Length > length.Length && BinaryPrimitives.ReadUInt64LittleEndian(length) <= uint.MaxValue;
        bool brace = start.Length > length.Length && start[length.Length] == '{';
        if (shortLength && brace)
            return FileKind.Safetensors;
        if (start.StartsWith("PK"u8))
            return FileKind.Zip;
        if (start.Length > 1 && start[0] == PickleMark && start[1] is > 0 and <= HighestPickleProtocol)
            return FileKind.Pickle;
        if (start.Length > 2 && start[0] == OnnxVersionTag && start[1] is > 0 and < HighestOnnxVersion && start[2] is OnnxProducerTag or OnnxGraphTag)
            return FileKind.Onnx;
        if (shortLength || (brace && length.Contains((byte)0)))
            return FileKind.Safetensors;
        return OfText(start);
    }

    private static FileKind OfText(ReadOnlySpan<byte> start)
    {
        var text = WithoutMark(start).TrimStart(" \t\r\n"u8);
        if (text.StartsWith("version https://git-lfs"u8))
            return FileKind.LfsPointer;
        if (text.StartsWith("<"u8))
            return FileKind.Markup;
        return text.StartsWith("{"u8) || text.StartsWith("["u8) ? FileKind.Json : FileKind.Unknown;
    }

    /// <summary>Text without the mark of UTF-8 that some editors put before it.</summary>
    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) => text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? text[3..] : text;
}
