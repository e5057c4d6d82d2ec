// The device that a network is scored on, chosen without loading libtorch where no GPU can be used.
using System.Globalization;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>A device: <c>cpu</c>, <c>cuda</c> with an index, or <c>mps</c>.</summary>
/// <param name="Kind">The name without the index.</param>
/// <param name="Index">Index of the GPU.</param>
internal readonly record struct ComputeDevice(string Kind, int Index)
{
    internal const string Auto = "auto", CpuName = "cpu";

    /// <summary>The CUDA part of libtorch, by operating system. Packages without it cannot use a GPU, except on macOS.</summary>
    private static readonly string[] _gpuLibraries = ["libtorch_cuda.so", "torch_cuda.dll"];

    internal static ComputeDevice Cpu => new(CpuName, 0);

    internal bool IsCpu => Kind == CpuName;

    /// <summary>The device with the given name; <c>auto</c> is the GPU set by <c>MLContext.GpuDeviceId</c>, otherwise the first GPU, otherwise the CPU.</summary>
    /// <param name="name"><c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, <c>mps</c>.</param>
    /// <param name="environment">ML.NET's environment, for GPU settings.</param>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="InvalidOperationException">The device is not available.</exception>
    internal static ComputeDevice Of(string name, IHostEnvironment environment)
    {
        if (Parse(name).Kind == CpuName || (name == Auto && !MayBeGpu(environment)))
            return Cpu;
        return Of(TorchRuntime.Device(name, environment));
    }

    /// <summary>The device with the given name; null for <c>auto</c>.</summary>
    /// <inheritdoc cref="Of(string, IHostEnvironment)"/>
    internal static ComputeDevice? Named(string name) => Parse(name).Kind switch
    {
        Auto => null,
        CpuName => Cpu,
        _ => Of(TorchRuntime.Named(name)!),
    };

    /// <summary>TorchSharp's device as a value.</summary>
    internal static ComputeDevice Of(TorchSharp.torch.Device device) => new(device.type.ToString().ToLowerInvariant(), Math.Max(0, device.index));

    /// <summary>Parses a device name without accessing the device: its kind and, for <c>cuda:N</c>, the index.</summary>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    internal static (string Kind, int Index) Parse(string name)
    {
        if (name is Auto or CpuName or "cuda" or "mps")
            return (name, 0);
        if (name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            return ("cuda", index);
        throw new ArgumentException($"Device is '{MessageText.Of(name)}'; it must be auto, cpu, cuda, cuda:1 (or another number) or mps.", nameof(name));
    }

    /// <summary>The name that libtorch parses.</summary>
    public override string ToString() => Kind == "cuda" ? string.Create(CultureInfo.InvariantCulture, $"cuda:{Index}") : Kind;

    /// <summary>
    /// Whether <c>auto</c> has to ask libtorch: the caller requests a GPU, a library for GPUs is installed, or the machine is a Mac with libtorch.
    /// </summary>
    private static bool MayBeGpu(IHostEnvironment environment)
    {
        if (MLEnvironment.GpuDeviceId(environment) is not null && !MLEnvironment.FallbackToCpu(environment))
            return true;
        return OperatingSystem.IsMacOS() ? TorchRuntime.CanLoad() : HasGpuLibrary();
    }

    /// <summary>Whether a folder in which .NET searches native libraries has a library for GPUs.</summary>
    private static bool HasGpuLibrary()
    {
        string folders = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(AppContext.BaseDirectory)
            .Any(folder => _gpuLibraries.Any(library => File.Exists(Path.Combine(folder, library))));
    }
}
