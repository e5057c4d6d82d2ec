// Runs a pickle, as far as a checkpoint needs one.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// The stack machine of Python's pickle, protocols 2 to 5, without the parts that load or call anything: values are only built.
/// It does not recurse, and an operation costs no more than the bytes it takes from the pickle.
/// </summary>
internal static class PickleMachine
{
    /// <summary>A cap on time and memory; the pickle of a ViT-H with its optimizer has some 100,000 operations.</summary>
    internal const int MostOperations = 2_000_000;

    /// <summary>The value a pickle describes.</summary>
    /// <param name="pickle">The whole pickle.</param>
    /// <param name="file">The checkpoint it is in, for messages.</param>
    /// <exception cref="InvalidCheckpointException">The pickle is broken, too long, or asks for more than the values of a checkpoint.</exception>
    internal static object? Run(byte[] pickle, string file)
    {
        var bytes = new PickleBytes(pickle, file);
        var stack = new PickleStack(bytes);
        for (int count = 0; !stack.Stopped; count++)
        {
            byte code = bytes.ReadOperation();
            if (count == MostOperations)
                throw bytes.Fail($"there are more than {MostOperations} operations", "Save the state_dict alone: torch.save(model.state_dict(), path).");
            if (count == 0 && code != PickleOperations.Protocol)
                throw bytes.Fail($"the pickle starts with 0x{code:x2}, not with its protocol, and is refused", PickleGlobal.Advice);
            PickleOperations.Find(code, bytes)(bytes, stack);
        }

        return stack.Pop();
    }
}
