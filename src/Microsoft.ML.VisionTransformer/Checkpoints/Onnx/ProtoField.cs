// One field of a message of Protocol Buffers, by where it lies in the file.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A field.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Value">A whole number's value; 0 for a field of bytes.</param>
/// <param name="Start">First byte of a field of bytes.</param>
/// <param name="Length">Its number of bytes; -1 for a number.</param>
internal readonly record struct ProtoField(int Number, long Value, long Start, long Length)
{
    /// <summary>Whether it is a message, a text or raw bytes.</summary>
    internal bool HasBytes => Length >= 0;
}
