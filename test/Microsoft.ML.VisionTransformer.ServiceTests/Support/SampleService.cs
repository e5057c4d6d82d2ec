// The built sample as a process, as a user starts it, on a free port of this machine until it is disposed.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.ServiceTests.Support;

internal sealed partial class SampleService : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _errors = new();

    private SampleService(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        Address = ReadAddress();
        // The rest is read and forgotten: a full pipe would stop the service.
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(5) };
    }

    internal Uri Address { get; }

    internal HttpClient Client { get; }

    /// <summary>What the process holds in memory now, in bytes.</summary>
    internal long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Resident memory of the process now, in bytes. Linux only.</summary>
    internal long ResidentBytes => ReadStatus("VmRSS:");

    /// <summary>The largest resident memory that the process has had, in bytes. Linux only.</summary>
    internal long PeakResidentBytes => ReadStatus("VmHWM:");

    internal static SampleService Start(params string[] args) => new(Run(["--urls", "http://127.0.0.1:0", "--ThreadsPerEngine", "1", .. args]));

    /// <summary>Starts a copy of the sample that has no libtorch, in a process that finds none in the package folder.</summary>
    /// <param name="folder">An empty folder for the copy.</param>
    /// <param name="args">The arguments.</param>
    internal static SampleService StartWithoutLibtorch(string folder, params string[] args)
    {
        string built = Path.GetDirectoryName(Assembly)!;
        foreach (string file in Directory.EnumerateFiles(built, "*", SearchOption.AllDirectories).Where(f => !IsLibtorch(Path.GetFileName(f))))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(built, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        var start = new ProcessStartInfo("dotnet", [Path.Combine(folder, Path.GetFileName(Assembly)), "--urls", "http://127.0.0.1:0", .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (string variable in new[] { "HOME", "USERPROFILE", "NUGET_PACKAGES" })
            start.Environment[variable] = folder;
        return new(Process.Start(start)!);
    }

    /// <summary>A start that fails: how it ended and what it said.</summary>
    internal static (int ExitCode, string Error) Fail(params string[] args)
    {
        using var process = Run(args);
        var output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        _ = output.Result;
        return (process.ExitCode, error);
    }

    public void Dispose()
    {
        Client.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string Assembly
    {
        get
        {
            string configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;
            return Path.Combine(SourceTree.Root, "docs", "samples", "WebService", "bin", configuration, "net10.0", "WebService.dll");
        }
    }

    /// <summary>libtorch_cpu.so, libLibTorchSharp.so, torch_cpu.dll, libc10.so and the like, but not TorchSharp.dll.</summary>
    private static bool IsLibtorch(string file) => file.Contains("c10", StringComparison.Ordinal)
        || (file.Contains("torch", StringComparison.OrdinalIgnoreCase) && !file.StartsWith("TorchSharp.", StringComparison.Ordinal));

    private static Process Run(string[] args) =>
        Process.Start(new ProcessStartInfo("dotnet", [Assembly, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>A line of the process's status, such as "VmRSS:    203456 kB".</summary>
    private long ReadStatus(string name)
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private Uri ReadAddress()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            if (AddressInLine().Match(line) is { Success: true } found)
                return new Uri(found.Value);
        }

        _process.WaitForExit();
        throw new AssertFailedException($"The sample did not start: {string.Join(' ', _errors)}");
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex AddressInLine();
}
