// Detects a file's format from its first bytes.
using System.Buffers.Binary;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A file format, as detected from the first bytes.</summary>
internal enum FileKind
{
    /// <summary>Not recognized.</summary>
    Unknown,

    /// <summary>An empty file.</summary>
    Empty,

    /// <summary>A safetensors file, valid or not.</summary>
    Safetensors,

    /// <summary>A zip archive, valid or not: NumPy and PyTorch files.</summary>
    Zip,

    /// <summary>A Python pickle outside an archive. PyTorch files from before version 1.6 start with one.</summary>
    Pickle,

    /// <summary>An ONNX model, from this library or another program.</summary>
    Onnx,

    /// <summary>JSON, such as the index of a sharded checkpoint.</summary>
    Json,

    /// <summary>A Git LFS pointer: the small text file that Git stores in place of a large file.</summary>
    LfsPointer,

    /// <summary>HTML or XML, usually an error page that a server sent instead of the file.</summary>
    Markup,
}

/// <summary>Detects a file's format from its first bytes.</summary>
/// <remarks>
/// A safetensors file starts with the header length, a 64-bit integer that fits in 32 bits in a valid file, followed by a brace. A zip archive starts
/// with PK, a pickle of protocol 2 or later with 0x80 and the protocol number. Zip and pickle are checked first because both may have zeros in the upper
/// bytes of the length. Any other file with zeros there, or with a brace after the length, is reported as a broken safetensors file.
/// </remarks>
internal static class FileSignature
{
    /// <summary>Number of bytes to read for detection.</summary>
    internal const int Length = 512;

    /// <summary>Number of bytes of an unrecognized file that an error message shows.</summary>
    internal const int ShownBytes = 8;

    private const byte PickleMark = 0x80;
    private const int HighestPickleProtocol = 5;

    /// <summary>An ONNX file starts with the IR version, followed by the producer name or, in some files, the graph.</summary>
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

    /// <summary>The text without a UTF-8 byte order mark.</summary>
    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) => text.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? text[3..] : text;
}
