// A model with initial weights, because speed does not depend on training.
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Scoring.Engine;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class FreshModel
{
    internal static ImagePreprocessing Preprocessing(VisionTransformerArchitecture architecture) => new() { Size = architecture.ImageSize };

    internal static ScoringNetwork Network(VisionTransformerArchitecture architecture) => ScoringNetwork.Of(new VisionTransformerNetwork(architecture, seed: 1), ComputeDevice.Cpu);

    /// <summary>Reads the column <c>Image</c> or another one.</summary>
    internal static VisionTransformerPredictionTransformer Transformer(VisionTransformerArchitecture architecture, string image = "Image") => new(
        new ModelDescription(
            architecture, Preprocessing(architecture), new UnnamedClassLabels(architecture.Classes), new ColumnNames(image, "Score", "PredictedLabel"), null),
        Network(architecture));
}
