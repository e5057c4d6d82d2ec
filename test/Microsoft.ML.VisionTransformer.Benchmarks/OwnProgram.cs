// Starts this program again, however it was started itself.
using System.Diagnostics;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class OwnProgram
{
    /// <summary>The program and its arguments: under <c>dotnet run</c> it is a file of its own, under <c>dotnet Benchmarks.dll</c> the runtime's.</summary>
    internal static string[] Line(params string[] arguments)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known, so it cannot be started again.");
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, typeof(OwnProgram).Assembly.Location, .. arguments] : [program, .. arguments];
    }

    /// <summary>How to start it.</summary>
    internal static ProcessStartInfo Start(params string[] arguments)
    {
        string[] line = Line(arguments);
        return new ProcessStartInfo(line[0], line[1..]);
    }
}
