// The values of a checkpoint's tensor as an array.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class CheckpointValues
{
    internal static float[] Values(this CheckpointFile file, string name)
    {
        float[] values = new float[file.Tensors[name].Count];
        file.Tensors[name].CopyTo(values);
        return values;
    }
}
