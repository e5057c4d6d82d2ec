// Starts another process of this program, independent of how it was started.
using System.Diagnostics;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class OwnProgram
{
    /// <summary>The executable and its arguments: with <c>dotnet run</c> the app host, with <c>dotnet Benchmarks.dll</c> the dotnet host.</summary>
    internal static string[] Line(params string[] arguments)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known, so it cannot be started again.");
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, typeof(OwnProgram).Assembly.Location, .. arguments] : [program, .. arguments];
    }

    /// <summary>The start information of the process.</summary>
    internal static ProcessStartInfo Start(params string[] arguments)
    {
        string[] line = Line(arguments);
        return new ProcessStartInfo(line[0], line[1..]);
    }
}
