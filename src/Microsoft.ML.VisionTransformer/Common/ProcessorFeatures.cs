// Processor features that .NET does not report.
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Common;

internal static class ProcessorFeatures
{
    /// <summary>Bits of cpuid's leaf 7 (Intel 64 manual, volume 2, CPUID): AVX512_BF16 in EAX of subleaf 1, AMX-BF16 in EDX of subleaf 0.</summary>
    private const int Leaf = 7, Avx512BFloat16 = 1 << 5, AmxBFloat16 = 1 << 22;

    /// <summary>
    /// Whether the processor multiplies bfloat16 in hardware: Intel since Cooper Lake and Sapphire Rapids, AMD since Zen 4. False on other
    /// architectures, which have not been measured.
    /// </summary>
    internal static bool MultipliesBFloat16 { get; } = Find();

    private static bool Find()
    {
        if (!X86Base.IsSupported || !Avx512F.IsSupported || X86Base.CpuId(0, 0).Eax < Leaf)
            return false;
        return (X86Base.CpuId(Leaf, 1).Eax & Avx512BFloat16) != 0 || (X86Base.CpuId(Leaf, 0).Edx & AmxBFloat16) != 0;
    }
}
