// Cuts the weights of a network into the parts that a model file has of them, one part while another is written.
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Bytes of weights, one after the other, in parts of one size; the last may be shorter.</summary>
/// <param name="weights">In the order in which they are stored.</param>
/// <param name="convert">Gives the tensor whose bytes are stored; the parts dispose it.</param>
/// <param name="partBytes">Size of a part.</param>
internal sealed class WeightParts(IReadOnlyList<NamedWeight> weights, Func<NamedWeight, Tensor> convert, int partBytes) : IDisposable
{
    private Tensor? _open;
    private int _next;
    private int _taken;

    /// <summary>Hands out the parts in their order, with their checksums. The next is made while one is worked on, whose memory belongs to the parts again afterwards.</summary>
    internal void ForEach(Action<ReadOnlyMemory<byte>, byte[]> work)
    {
        byte[][] memory = [GC.AllocateUninitializedArray<byte>(partBytes), GC.AllocateUninitializedArray<byte>(partBytes)];
        var making = Make(memory[0]);
        for (int i = 1; making.GetAwaiter().GetResult() is (var part, var checksum) && part.Length > 0; i++)
        {
            making = Make(memory[i % 2]);
            try
            {
                work(part, checksum);
            }
            catch
            {
                ((IAsyncResult)making).AsyncWaitHandle.WaitOne();
                throw;
            }
        }
    }

    public void Dispose() => _open?.Dispose();

    private Task<(ReadOnlyMemory<byte> Part, byte[] Checksum)> Make(byte[] memory) => Task.Run(() =>
    {
        var part = (ReadOnlyMemory<byte>)memory.AsMemory(0, Fill(memory));
        return (part, EntryChecksum.Of(part.Span));
    });

    private int Fill(Span<byte> part)
    {
        int filled = 0;
        while (filled < part.Length && Open() is { } tensor)
        {
            var rest = tensor.bytes[_taken..];
            int count = Math.Min(rest.Length, part.Length - filled);
            rest[..count].CopyTo(part[filled..]);
            filled += count;
            _taken += count;
        }

        return filled;
    }

    /// <summary>The tensor that has bytes left; null behind the last.</summary>
    private Tensor? Open()
    {
        while (_open is null || _taken == _open.bytes.Length)
        {
            _open?.Dispose();
            (_open, _taken) = (null, 0);
            if (_next == weights.Count)
                return null;
            _open = convert(weights[_next++]);
        }

        return _open;
    }
}
