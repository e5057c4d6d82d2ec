// An entry of a model file, read from its start to its end.
namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>Its checksum is checked with the last byte: what was read before is to be thrown away where that fails.</summary>
/// <param name="name">Its name, for messages.</param>
/// <param name="content">Its bytes.</param>
/// <param name="owner">What holds them; disposed with the reader.</param>
/// <param name="length">How many they are.</param>
/// <param name="checksum">Their checksum; disposed with the reader.</param>
internal sealed class EntryReader(string name, Stream content, IDisposable owner, long length, EntryChecksum checksum) : IDisposable
{
    /// <summary>Bytes that are read and then summed up while they are still in the processor's cache.</summary>
    private const int Piece = 256 * 1024;

    /// <summary>Bytes that were not read yet.</summary>
    internal long Left { get; private set; } = length;

    /// <summary>Reads the next bytes, no more than are left.</summary>
    /// <exception cref="InvalidDataException">The entry ends before them, or its checksum differs.</exception>
    internal void Read(Span<byte> to)
    {
        for (int done = 0; done < to.Length; done += Piece)
        {
            var piece = to.Slice(done, Math.Min(Piece, to.Length - done));
            try
            {
                content.ReadExactly(piece);
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                throw ModelReader.Broken($"the entry {name} is cut off or cannot be unpacked ({e.Message.TrimEnd('.')})");
            }

            checksum.Append(piece);
        }

        Left -= to.Length;
        if (Left == 0 && !checksum.Matches())
            throw ModelReader.Broken($"the checksum of the entry {name} differs: its bytes were changed after saving");
    }

    public void Dispose()
    {
        checksum.Dispose();
        owner.Dispose();
    }
}
