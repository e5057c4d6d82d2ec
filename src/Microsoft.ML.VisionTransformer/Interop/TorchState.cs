// libtorch's state of the calling thread, as the library needs it.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>
/// The caller's thread may be in <c>no_grad</c>, <c>inference_mode</c> or both. Each public entry point that trains, makes weights or computes enters the ordinary state first, so that
/// its result does not depend on the caller, and the caller's state is set again when it ends, by an exception too. The rest of libtorch's state is never read: every tensor is made
/// with a type and a device of its own (a test holds that), lasting tensors are detached from the caller's dispose scopes, and random numbers come from <see cref="Common.RandomStream"/>.
/// </summary>
internal static class TorchState
{
    /// <summary>Gradients are recorded and inference mode is off, on this thread, until the result is disposed; both are then as they were.</summary>
    /// <exception cref="InvalidOperationException">There is no libtorch for this machine; the message names the package.</exception>
    internal static IDisposable EnterOrdinary()
    {
        TorchRuntime.Load();
        return inference_mode(false);    // libtorch's guard turns gradients on as well, and restores both
    }
}
