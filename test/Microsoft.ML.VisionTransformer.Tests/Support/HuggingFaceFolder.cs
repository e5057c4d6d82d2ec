// A folder in Hugging Face's layout with a configuration set by the test, and the values read from it.
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class HuggingFaceFolder
{
    internal static CheckpointDescription Read(string config, params (string Name, long[] Shape)[] tensors) => Read(config, null, tensors);

    internal static CheckpointDescription Read(string config, string? preprocessor, params (string Name, long[] Shape)[] tensors)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File(HuggingFaceConfig.FileName), config);
        if (preprocessor is not null)
            File.WriteAllText(folder.File(PreprocessorConfig.FileName), preprocessor);
        using var weights = new FakeCheckpoint(tensors);
        return HuggingFaceConfig.Read(folder.Path, weights);
    }
}
