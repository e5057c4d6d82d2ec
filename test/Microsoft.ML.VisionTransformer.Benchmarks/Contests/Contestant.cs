// One side of a comparison, in a separate process.
using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>
/// A process that receives commands over standard input and responds with its measurements. The allocator, thread pools and spinning threads of one side do
/// not affect the other, and peak memory is measured separately.
/// </summary>
internal sealed class Contestant : IDisposable
{
    internal const string Command = "contestant";

    private const string Ready = "ready", Go = "go";

    private readonly Process _process;

    internal Contestant(string name, params string[] arguments)
    {
        Name = name;
        var start = OwnProgram.Start([Command, name, .. arguments]);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        _process = Process.Start(start)!;
        Expect(Ready);
    }

    internal string Name { get; }

    /// <summary>One measurement: one or more values in seconds, depending on the side.</summary>
    internal double[] Measure()
    {
        _process.StandardInput.WriteLine(Go);
        return [.. Line().Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture))];
    }

    /// <summary>Peak working set in MiB so far.</summary>
    internal double PeakMiB()
    {
        _process.Refresh();
        return _process.PeakWorkingSet64 / (1024.0 * 1024);
    }

    /// <summary>Runs a side in this process until standard input ends.</summary>
    internal static int Serve(string name, string[] arguments)
    {
        using var side = Side.Named(name, arguments);
        side.Measure();
        Console.WriteLine(Ready);
        while (Console.ReadLine() == Go)
            Console.WriteLine(string.Join(' ', side.Measure().Select(n => n.ToString("R", CultureInfo.InvariantCulture))));
        return 0;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Expect(string line)
    {
        string found = Line();
        if (found != line)
            throw new InvalidOperationException($"The side {Name} said '{found}' in place of '{line}'.");
    }

    private string Line() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The side {Name} ended; its error is above.");
}
