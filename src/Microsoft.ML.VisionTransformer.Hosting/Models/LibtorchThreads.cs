// Sets the number of threads of libtorch, if the process has loaded it: scoring on a CPU does not need it.
using System.Diagnostics;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Hosting.Models;

internal static class LibtorchThreads
{
    private static volatile bool _isSet;

    /// <summary>
    /// Engines share the processors: several passes with one thread each are faster than passes that wait for each other's threads. The number belongs to the
    /// process, so only the first call counts.
    /// </summary>
    internal static void LimitIfLoaded(int threads)
    {
        if (_isSet || !IsLoaded())
            return;
        torch.set_num_threads(threads);
        _isSet = true;
    }

    private static bool IsLoaded()
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().Any(module => module.ModuleName?.Contains("LibTorchSharp", StringComparison.OrdinalIgnoreCase) == true);
    }
}
