// A run of the flat parameters that the optimiser treats alike.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Numbers from <paramref name="Start"/> on.</summary>
/// <param name="Start">The first one.</param>
/// <param name="Length">How many.</param>
/// <param name="RateScale">Factor of the learning rate.</param>
/// <param name="Decays">Whether weight decay applies.</param>
internal readonly record struct ParameterGroup(long Start, long Length, double RateScale, bool Decays);
