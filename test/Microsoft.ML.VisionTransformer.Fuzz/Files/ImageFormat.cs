// Damaged images as a fuzzed file format.
namespace Microsoft.ML.VisionTransformer.Fuzz;

internal sealed class ImageFormat(Mutator mutator) : FileFormat
{
    internal override double? MostMegabytes => null;

    internal override byte[] Make(int number) => mutator.Make(number);

    internal override FuzzOutcome Run(byte[] file, int number, string folder) => FuzzCase.Run(file, number);
}
