// A process that runs a range of cases; if native code crashes it, the parent can identify the case.
using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Fuzz;

/// <summary>The report of a worker when it exits.</summary>
internal sealed record FuzzTally
{
    public int Decoded { get; set; }

    public int Refused { get; set; }

    public double SlowestSeconds { get; set; }

    public int SlowestCase { get; set; } = -1;

    public double PeakMegabytes { get; set; }

    /// <summary>The case with the largest increase of peak memory, and the increase.</summary>
    public int LargestCase { get; set; } = -1;

    public double LargestMegabytes { get; set; }

    public List<FuzzFinding> Findings { get; init; } = [];
}

/// <summary>A case with an unexpected result.</summary>
internal sealed record FuzzFinding(int Number, string What);

internal static class FuzzWorker
{
    /// <summary>Runs the cases. The state file contains the number of the current case plus 1; 0 means none yet.</summary>
    internal static void Run(FileFormat format, int first, int count, string statePath)
    {
        using var file = MemoryMappedFile.CreateFromFile(statePath, FileMode.Open);
        using var state = file.CreateViewAccessor();
        var tally = new FuzzTally();
        string root = Directory.CreateTempSubdirectory("vit-fuzz-").FullName;
        double peak = PeakMegabytes();
        for (int number = first; number < first + count; number++)
        {
            byte[] damaged = format.Make(number);
            state.Write(0, number + 1);
            var clock = Stopwatch.StartNew();
            RunCase(format, damaged, number, root, tally);
            double seconds = clock.Elapsed.TotalSeconds, now = PeakMegabytes();
            if (seconds > tally.SlowestSeconds)
                (tally.SlowestSeconds, tally.SlowestCase) = (seconds, number);
            if (now - peak > tally.LargestMegabytes)
                (tally.LargestMegabytes, tally.LargestCase) = (now - peak, number);
            if (now - peak > format.MostMegabytes)
                tally.Findings.Add(new FuzzFinding(number, string.Create(CultureInfo.InvariantCulture, $"takes {now - peak:F0} MiB")));
            tally.PeakMegabytes = peak = now;
        }

        Directory.Delete(root, recursive: true);

        Console.WriteLine(JsonSerializer.Serialize(tally));
    }

    private static void RunCase(FileFormat format, byte[] damaged, int number, string root, FuzzTally tally)
    {
        string folder = Directory.CreateDirectory(Path.Combine(root, number.ToString(CultureInfo.InvariantCulture))).FullName;
#pragma warning disable CA1031 // Any exception is a finding.
        try
        {
            if (format.Run(damaged, number, folder) == FuzzOutcome.Decoded)
                tally.Decoded++;
            else
                tally.Refused++;
        }
        catch (Exception e)
        {
            tally.Findings.Add(new FuzzFinding(number, e.ToString()));
        }
#pragma warning restore CA1031
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Peak memory of the process; on Linux read from a source that takes microseconds.</summary>
    private static double PeakMegabytes()
    {
        if (OperatingSystem.IsLinux())
        {
            string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1048576.0;
    }
}
