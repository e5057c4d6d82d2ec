// Assigns ranges of cases to worker processes, monitors them, and keeps the files that caused a crash or hang.
using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Fuzz;

internal sealed class FuzzParent(FuzzSettings settings, FileFormat format)
{
    private const int CasesOfAWorker = 2000;
    private const int PollMilliseconds = 100;

    /// <summary>Limits of a case: processor time, which does not depend on the load of the machine, and wall time for a case that blocks.</summary>
    private static readonly TimeSpan _hang = TimeSpan.FromSeconds(10), _wait = TimeSpan.FromSeconds(60);

    private readonly object _gate = new();
    private readonly FuzzTally _total = new();
    private int _next;
    private int _done;

    /// <summary>Runs all cases and prints the results; true if there was no crash, hang or unexpected exception.</summary>
    internal bool Run()
    {
        Directory.CreateDirectory(settings.Output);
        var clock = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, settings.Workers).Select(_ => new Thread(HandOut)).ToArray();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{settings.Format}: {settings.Count} cases (seed {settings.Seed}) in {clock.Elapsed.TotalMinutes:F1} minutes: {_total.Decoded} read, {_total.Refused} refused, {_total.Findings.Count} findings; "
            + $"slowest {_total.SlowestSeconds:F2} s (case {_total.SlowestCase}), peak {_total.PeakMegabytes:F0} MiB, most memory for one case {_total.LargestMegabytes:F0} MiB (case {_total.LargestCase})"));
        foreach (var finding in _total.Findings)
            Console.WriteLine($"case {finding.Number}: {finding.What}");
        return _total.Findings.Count == 0;
    }

    private void HandOut()
    {
        while (true)
        {
            int first = Interlocked.Add(ref _next, CasesOfAWorker) - CasesOfAWorker;
            if (first >= settings.Count)
                return;
            int end = Math.Min(first + CasesOfAWorker, settings.Count);
            while (first < end)
                first = RunWorker(settings.First + first, end - first) - settings.First;
            int done = Interlocked.Add(ref _done, CasesOfAWorker);
            if (done % (10 * CasesOfAWorker) == 0)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} done, {_total.Findings.Count} findings"));
        }
    }

    /// <summary>Runs cases until they are done or one crashes the worker; returns the number of the next case.</summary>
    private int RunWorker(int first, int count)
    {
        string statePath = Path.Combine(settings.Output, string.Create(CultureInfo.InvariantCulture, $"state-{Environment.ProcessId}-{Environment.CurrentManagedThreadId}"));
        File.WriteAllBytes(statePath, new byte[sizeof(int)]);
        using var file = MemoryMappedFile.CreateFromFile(statePath, FileMode.Open);
        using var state = file.CreateViewAccessor();
        using var worker = Process.Start(settings.WorkerStart(first, count, statePath))!;
        var output = worker.StandardOutput.ReadToEndAsync();
        var errors = worker.StandardError.ReadToEndAsync();
        bool hung = Watch(worker, state);
        int current = state.ReadInt32(0) - 1;
        if (hung || worker.ExitCode != 0)
        {
            Keep(current, hung ? "hangs" : $"ends the process with code {worker.ExitCode}: {FirstLines(errors.Result)}");
            return Math.Max(current, first) + 1;
        }

        Add(JsonSerializer.Deserialize<FuzzTally>(output.Result)!);
        return first + count;
    }

    /// <summary>Waits for the worker; true if one case exceeded the limits and the worker was killed.</summary>
    private static bool Watch(Process worker, MemoryMappedViewAccessor state)
    {
        int current = -1;
        var start = TimeSpan.Zero;
        var clock = Stopwatch.StartNew();
        while (!worker.WaitForExit(PollMilliseconds))
        {
            int now = state.ReadInt32(0);
            var used = Used(worker);
            if (now != current)
            {
                (current, start) = (now, used);
                clock.Restart();
            }
            else if (used - start > _hang || clock.Elapsed > _wait)
            {
                worker.Kill();
                worker.WaitForExit();
                return true;
            }
        }

        return false;
    }

    private static TimeSpan Used(Process worker)
    {
        try
        {
            worker.Refresh();
            return worker.TotalProcessorTime;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return TimeSpan.Zero;    // The worker has just exited.
        }
    }

    private void Add(FuzzTally tally)
    {
        foreach (var finding in tally.Findings)
            Keep(finding.Number, finding.What);
        lock (_gate)
        {
            _total.Decoded += tally.Decoded;
            _total.Refused += tally.Refused;
            _total.PeakMegabytes = Math.Max(_total.PeakMegabytes, tally.PeakMegabytes);
            if (tally.SlowestSeconds > _total.SlowestSeconds)
                (_total.SlowestSeconds, _total.SlowestCase) = (tally.SlowestSeconds, tally.SlowestCase);
            if (tally.LargestMegabytes > _total.LargestMegabytes)
                (_total.LargestMegabytes, _total.LargestCase) = (tally.LargestMegabytes, tally.LargestCase);
        }
    }

    private void Keep(int number, string what)
    {
        if (number >= 0)
            File.WriteAllBytes(Path.Combine(settings.Output, string.Create(CultureInfo.InvariantCulture, $"case-{settings.Format}-{settings.Seed}-{number}")), format.Make(number));
        lock (_gate)
            _total.Findings.Add(new FuzzFinding(number, what));
    }

    private static string FirstLines(string text) => string.Join(" | ", text.Split('\n').Take(12));
}
