// Puts the runtime's signal handlers back after a native library has replaced them.
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>
/// The runtime makes exceptions of signals: a null reference of a user's program is a SIGSEGV. UCX, which carries MPICH and often Open MPI, installs handlers
/// that print a backtrace and pass the signal on wrongly: the process dies of its first caught null reference. What was there before is there again afterwards.
/// </summary>
internal sealed unsafe partial class SignalHandlers : IDisposable
{
    /// <summary>More than any system's struct sigaction, in bytes.</summary>
    private const int Size = 512;

    /// <summary>SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV have these numbers everywhere; then SIGBUS and SIGCHLD of Linux or of macOS.</summary>
    private static readonly int[] _signals = [4, 5, 6, 8, 11, .. OperatingSystem.IsLinux() ? [7, 17] : (int[])[10, 20]];

    private readonly byte[][] _actions = [.. _signals.Select(_ => new byte[Size])];

    private SignalHandlers()
    {
        for (int i = 0; i < _signals.Length; i++)
        {
            fixed (byte* action = _actions[i])
                _ = SignalAction(_signals[i], null, action);
        }
    }

    /// <summary>Remembers the handlers until it is disposed; null on Windows, which has no signals.</summary>
    internal static SignalHandlers? Keep() => OperatingSystem.IsWindows() ? null : new SignalHandlers();

    public void Dispose()
    {
        for (int i = 0; i < _signals.Length; i++)
        {
            fixed (byte* action = _actions[i])
                _ = SignalAction(_signals[i], action, null);
        }
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SignalAction(int signal, byte* action, byte* previous);
}
