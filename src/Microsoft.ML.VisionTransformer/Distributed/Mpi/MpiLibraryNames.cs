// Where the MPI library is looked for, and what to install where there is none.
namespace Microsoft.ML.VisionTransformer.Distributed;

internal static class MpiLibraryNames
{
    /// <summary>The variable that names the library where the lists below do not have it.</summary>
    internal const string Variable = "VISION_TRANSFORMER_MPI_LIBRARY";

    private static readonly string[] _openMpi = ["libmpi.so.40", "libmpi.so.20"];
    private static readonly string[] _mpich = ["libmpich.so.12", "libmpi.so.12"];
    private static readonly string[] _windows = ["msmpi.dll", "impi.dll"];

    private static readonly string[] _mac =
    [
        "libmpi.40.dylib", "/opt/homebrew/lib/libmpi.40.dylib", "/usr/local/lib/libmpi.40.dylib", "libmpi.12.dylib", "/opt/homebrew/lib/libmpi.12.dylib", "/usr/local/lib/libmpi.12.dylib",
    ];

    /// <summary>
    /// The names to try, in order. The launcher's own family comes first: a program that loads another's library starts as a job of one process.
    /// </summary>
    /// <param name="launcher">Who started the process.</param>
    /// <param name="chosen">The value of <see cref="Variable"/>; then nothing else is tried.</param>
    internal static IReadOnlyList<string> For(MpiLauncher launcher, string? chosen)
    {
        if (!string.IsNullOrWhiteSpace(chosen))
            return [chosen];
        if (OperatingSystem.IsWindows())
            return _windows;
        if (OperatingSystem.IsMacOS())
            return launcher == MpiLauncher.Pmi ? [.. Enumerable.Reverse(_mac)] : _mac;
        return launcher == MpiLauncher.Pmi ? [.. _mpich, .. _openMpi] : [.. _openMpi, .. _mpich];
    }

    /// <summary>What to do where none of them was found.</summary>
    internal static string Advice =>
        OperatingSystem.IsWindows() ? "Install MS-MPI's runtime (msmpisetup.exe)"
        : OperatingSystem.IsMacOS() ? "Install one: brew install open-mpi"
        : "Install one: apt-get install openmpi-bin (Debian, Ubuntu), dnf install openmpi (Fedora, RHEL; then module load mpi)";
}
