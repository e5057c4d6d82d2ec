// How long a checkpoint takes to become a network, beside reading its bytes, and how much memory that takes at most.
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>A ViT-B/16 file of 346 MB with timm's names, made on the spot.</summary>
internal static class Loading
{
    private const string ArchitectureName = "vit_base_patch16_224";

    internal const string PeakCommand = "load-peak";

    internal static void Run()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("vit-loading-").FullName, "model.safetensors");
        try
        {
            Write(path, VisionTransformerArchitecture.Parse(ArchitectureName));
            Console.WriteLine($"{ArchitectureName}, {new FileInfo(path).Length / 1e6:F0} MB of safetensors; medians of {Pair.Rounds} rounds");
            Pair.Measure("loading: checkpoint to network / File.ReadAllBytes", () => Time(() => Load(path)), () => Time(() => GC.KeepAlive(File.ReadAllBytes(path))), "loads/s");
            using var child = Process.Start(OwnProgram.Start(PeakCommand, path))!;
            child.WaitForExit();
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    /// <summary>In a process of its own: what loading adds to the peak of the resident memory, in weights.</summary>
    internal static void Peak(string path)
    {
        using (var small = new VisionTransformerNetwork(VisionTransformerArchitecture.Parse("vit_tiny_patch16_224")))
            small.eval();
        GC.Collect();
        long before = Resident("VmRSS:"), bytes = new FileInfo(path).Length;
        Load(path);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"peak memory of loading: {(Resident("VmHWM:") - before) / (double)bytes:F2} times the weights"));
    }

    private static void Load(string path)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(path);
        using var network = checkpoint.CreateNetwork();
    }

    private static double Time(Action action)
    {
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        action();
        return 1 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static long Resident(string line) => OperatingSystem.IsLinux()
        ? 1024 * long.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith(line, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
        : line == "VmHWM:" ? Process.GetCurrentProcess().PeakWorkingSet64 : Environment.WorkingSet;

    /// <summary>Writes a safetensors file of drawn weights.</summary>
    internal static void Write(string path, VisionTransformerArchitecture architecture)
    {
        using var network = new VisionTransformerNetwork(architecture);
        using var scope = torch.NewDisposeScope();
        var header = new Dictionary<string, object>();
        long offset = 0;
        var state = network.state_dict();
        foreach (var (name, tensor) in state)
        {
            long end = offset + tensor.numel() * sizeof(float);
            header.Add(name, new { dtype = "F32", tensor.shape, data_offsets = new[] { offset, end } });
            offset = end;
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        using var file = File.Create(path);
        file.Write(length);
        file.Write(json);
        foreach (var tensor in state.Values)
            file.Write(tensor.bytes);
    }
}
