// Corrects the checksums of a damaged PNG, to reach the code after the check.
using System.Buffers.Binary;
using System.IO.Hashing;

namespace Microsoft.ML.VisionTransformer.Fuzz;

internal static class PngChecksums
{
    private const int SignatureLength = 8, Around = 12;

    /// <summary>Rewrites the CRC of each complete chunk in place; other files are unchanged.</summary>
    internal static void Repair(Span<byte> file)
    {
        if (file.Length < SignatureLength || file[1] != 'P' || file[2] != 'N' || file[3] != 'G')
            return;
        for (var rest = file[SignatureLength..]; rest.Length >= Around;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - Around)
                return;
            int checkedLength = 4 + (int)length;
            BinaryPrimitives.WriteUInt32BigEndian(rest[(4 + checkedLength)..], Crc32.HashToUInt32(rest.Slice(4, checkedLength)));
            rest = rest[(4 + checkedLength + 4)..];
        }
    }
}
