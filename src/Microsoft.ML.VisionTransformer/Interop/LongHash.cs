// XXH3 with 128 bits for long content: the checksum of weights, in code that the runtime optimizes at the first call.
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>
/// The value of <see cref="XxHash128"/>, computed in parts. The runtime starts that class without optimization: hashing the 22 MB of a ViT-Ti/16 takes 50 times
/// as long in a new process as later. The algorithm is XXH3 of github.com/Cyan4973/xxHash (doc/xxhash_spec.md) with seed 0. Content of at most
/// <see cref="ShortBytes"/> bytes goes to <see cref="XxHash128"/>.
/// </summary>
internal sealed class LongHash
{
    /// <summary>XXH3 treats longer content in stripes.</summary>
    internal const int ShortBytes = 240;

    private const int Stripe = 64, StripesPerBlock = 16, Block = Stripe * StripesPerBlock, SecretStep = 8;

    private const ulong
        Prime32A = 0x9E3779B1, Prime32B = 0x85EBCA77, Prime32C = 0xC2B2AE3D,
        Prime64A = 0x9E3779B185EBCA87, Prime64B = 0xC2B2AE3D27D4EB4F, Prime64C = 0x165667B19E3779F9, Prime64D = 0x85EBCA77C2B2AE63, Prime64E = 0x27D4EB2F165667C5;

    private readonly ulong[] _sums = [Prime32C, Prime64A, Prime64B, Prime64C, Prime64D, Prime32B, Prime64E, Prime32A];

    /// <summary>The last stripe of the previous block, then the bytes after that block: at least 1 once a block was added.</summary>
    private readonly byte[] _tail = new byte[Stripe + Block];

    private int _rest;
    private long _length;

    /// <summary>The constant of the algorithm that the content is combined with.</summary>
    private static ReadOnlySpan<byte> Secret =>
    [
        0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb,
        0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
        0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c, 0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb,
        0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3, 0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
        0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d, 0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31,
        0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64, 0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
        0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e, 0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc,
        0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, 0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
    ];

    /// <summary>The hash of the whole content, 16 bytes.</summary>
    internal static byte[] Of(ReadOnlySpan<byte> content)
    {
        var hash = new LongHash();
        hash.Append(content);
        return hash.Finish();
    }

    /// <summary>Adds the next bytes.</summary>
    internal void Append(ReadOnlySpan<byte> content)
    {
        _length += content.Length;
        if (_rest + content.Length > Block)    // a block counts as complete once a byte follows it
        {
            int missing = Block - _rest;
            content[..missing].CopyTo(_tail.AsSpan(Stripe + _rest));
            AddBlocks(_sums, _tail.AsSpan(Stripe));
            _tail.AsSpan(Block).CopyTo(_tail);
            content = content[missing..];
            if (content.Length > Block)
            {
                int whole = (content.Length - 1) / Block * Block;
                AddBlocks(_sums, content[..whole]);
                content[(whole - Stripe)..whole].CopyTo(_tail);
                content = content[whole..];
            }

            _rest = 0;
        }

        content.CopyTo(_tail.AsSpan(Stripe + _rest));
        _rest += content.Length;
    }

    /// <summary>The hash of all bytes added, 16 bytes. Add none afterward.</summary>
    internal byte[] Finish()
    {
        if (_length <= ShortBytes)
            return XxHash128.Hash(_tail.AsSpan(Stripe, _rest));
        AddStripes(_sums, _tail.AsSpan(Stripe, (_rest - 1) / Stripe * Stripe), 0);
        AddStripes(_sums, _tail.AsSpan(_rest, Stripe), Secret.Length - Stripe - 7);
        byte[] hash = new byte[2 * sizeof(ulong)];
        ulong length = (ulong)_length;
        BinaryPrimitives.WriteUInt64BigEndian(hash, Merge(~(length * Prime64B), Secret.Length - Stripe - 11));
        BinaryPrimitives.WriteUInt64BigEndian(hash.AsSpan(sizeof(ulong)), Merge(length * Prime64A, 11));
        return hash;
    }

    private ulong Merge(ulong start, int secret)
    {
        ulong sum = start;
        for (int i = 0; i < _sums.Length; i += 2)
        {
            ulong high = Math.BigMul(_sums[i] ^ Key(secret + (i * sizeof(ulong))), _sums[i + 1] ^ Key(secret + ((i + 1) * sizeof(ulong))), out ulong low);
            sum += high ^ low;
        }

        sum ^= sum >> 37;
        sum *= 0x165667919E3779F9;
        return sum ^ (sum >> 32);
    }

    private static void AddBlocks(Span<ulong> sums, ReadOnlySpan<byte> blocks)
    {
        for (; blocks.Length > 0; blocks = blocks[Block..])
        {
            AddStripes(sums, blocks[..Block], 0);
            for (int i = 0; i < sums.Length; i++)
                sums[i] = (sums[i] ^ (sums[i] >> 47) ^ Key(Secret.Length - Stripe + (i * sizeof(ulong)))) * Prime32A;
        }
    }

    /// <summary>Adds stripes; each is combined with the secret from 8 bytes further on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void AddStripes(Span<ulong> sums, ReadOnlySpan<byte> stripes, int firstSecret)
    {
        fixed (ulong* sum = sums)
        fixed (byte* start = stripes, secret = Secret)
        {
            byte* key = secret + firstSecret, end = start + stripes.Length;
            if (Avx2.IsSupported && BitConverter.IsLittleEndian)
            {
                Vector256<ulong> low = Vector256.Load(sum), high = Vector256.Load(sum + 4);
                for (byte* at = start; at < end; at += Stripe, key += SecretStep)
                {
                    low = Added(low, Vector256.Load((ulong*)at), Vector256.Load((ulong*)key));
                    high = Added(high, Vector256.Load((ulong*)(at + 32)), Vector256.Load((ulong*)(key + 32)));
                }

                low.Store(sum);
                high.Store(sum + 4);
                return;
            }

            for (byte* at = start; at < end; at += Stripe, key += SecretStep)
            {
                for (int i = 0; i < sums.Length; i++)
                {
                    ulong value = BinaryPrimitives.ReadUInt64LittleEndian(new(at + (i * sizeof(ulong)), sizeof(ulong)));
                    ulong mixed = value ^ BinaryPrimitives.ReadUInt64LittleEndian(new(key + (i * sizeof(ulong)), sizeof(ulong)));
                    sum[i ^ 1] += value;
                    sum[i] += (uint)mixed * (mixed >> 32);
                }
            }
        }
    }

    /// <summary>Each sum gets the neighbor's value, and the product of the two halves of the value combined with the secret.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Added(Vector256<ulong> sums, Vector256<ulong> values, Vector256<ulong> key)
    {
        var mixed = values ^ key;
        var products = Avx2.Multiply(mixed.AsUInt32(), (mixed >> 32).AsUInt32());
        return sums + Avx2.Shuffle(values.AsUInt32(), 0b01_00_11_10).AsUInt64() + products;
    }

    private static ulong Key(int at) => BinaryPrimitives.ReadUInt64LittleEndian(Secret[at..]);
}
