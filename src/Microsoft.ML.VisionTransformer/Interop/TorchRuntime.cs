// Loads libtorch, with an error that says which package is missing, and picks the device.
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Interop;

internal static class TorchRuntime
{
    private const string LibtorchVersion = "2.10.0";

    /// <summary>Loads the native library, once a process.</summary>
    /// <exception cref="InvalidOperationException">There is none for this machine; the message names the package.</exception>
    internal static void Load()
    {
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
            NativeHeap.Keep();
        }
        catch (Exception e) when (e is NotSupportedException or TypeInitializationException or DllNotFoundException or BadImageFormatException)
        {
            throw new InvalidOperationException(
                $"libtorch, the native library that computes, did not load on {RuntimeInformation.RuntimeIdentifier}. Reference one package in the program that runs: " +
                $"{PackageForThisMachine()}. The package Microsoft.ML.VisionTransformer leaves the choice to you. The cause was: {e.GetBaseException().Message.Split('\n')[0]}",
                e);
        }
    }

    /// <summary>The device of that name.</summary>
    /// <param name="name"><c>auto</c> (the GPU named by <c>MLContext.GpuDeviceId</c>, else the first one, else the processor), <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, <c>mps</c>.</param>
    /// <param name="environment">Where GPU settings come from.</param>
    /// <param name="localNumber">Number of this process among those of a job on this machine, for <c>auto</c>: each takes the next GPU.</param>
    /// <exception cref="ArgumentException">No such name.</exception>
    /// <exception cref="InvalidOperationException">The device is not there.</exception>
    internal static torch.Device Device(string name, IHostEnvironment environment, int localNumber = 0)
    {
        Load();
        return Named(name) ?? Auto(environment, localNumber);
    }

    /// <summary>The device of that name; null for <c>auto</c>.</summary>
    /// <exception cref="ArgumentException">No such name.</exception>
    /// <exception cref="InvalidOperationException">The device is not there.</exception>
    internal static torch.Device? Named(string name)
    {
        var (kind, index) = Parse(name);
        return kind switch
        {
            "auto" => null,
            "cpu" => torch.CPU,
            "mps" => torch.mps_is_available() ? torch.MPS : throw Absent(name, "this machine has no Metal device"),
            _ => Cuda(index, name),
        };
    }

    /// <summary>Checks a device name without touching the machine: its kind and, for <c>cuda:N</c>, the number.</summary>
    internal static (string Kind, int Index) Parse(string name)
    {
        if (name is "auto" or "cpu" or "cuda" or "mps")
            return (name, 0);
        if (name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            return ("cuda", index);
        throw new ArgumentException($"Device is '{name}'; it can be auto, cpu, cuda, cuda:1 (any number) or mps.", nameof(name));
    }

    private static torch.Device Auto(IHostEnvironment environment, int localNumber)
    {
        if (MLEnvironment.GpuDeviceId(environment) is { } asked)
        {
            if (torch.cuda.is_available() && asked >= 0 && asked < torch.cuda.device_count())
                return torch.device(DeviceType.CUDA, asked);
            if (!MLEnvironment.FallbackToCpu(environment))
                throw Absent($"cuda:{asked}", "MLContext.GpuDeviceId asks for it and MLContext.FallbackToCpu is false");
            return torch.CPU;
        }

        if (torch.cuda.is_available())
            return torch.device(DeviceType.CUDA, localNumber % torch.cuda.device_count());
        return torch.mps_is_available() ? torch.MPS : torch.CPU;
    }

    private static torch.Device Cuda(int index, string name)
    {
        if (!torch.cuda.is_available())
            throw Absent(name, "libtorch finds no CUDA GPU: reference TorchSharp-cuda-windows or TorchSharp-cuda-linux in place of the CPU package, and check the driver");
        int count = torch.cuda.device_count();
        return index < count ? torch.device(DeviceType.CUDA, index) : throw Absent(name, $"this machine has {count} CUDA GPUs, numbered from 0");
    }

    private static InvalidOperationException Absent(string device, string reason) =>
        new($"The device {device} cannot be used: {reason}. Device = \"auto\" takes what there is.");

    private static string PackageForThisMachine()
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            return $"libtorch-cpu-win-x64 {LibtorchVersion}, or TorchSharp-cuda-windows for an NVIDIA GPU";
        if (RuntimeInformation.IsOSPlatform(OSPlatform.OSX))
            return $"libtorch-cpu-osx-arm64 {LibtorchVersion}";
        return $"libtorch-cpu-linux-x64 {LibtorchVersion}, or TorchSharp-cuda-linux for an NVIDIA GPU";
    }
}

/// <summary>
/// The caller's thread may be in <c>no_grad</c>, <c>inference_mode</c> or both. Each public entry point that trains, makes weights or computes enters the ordinary state first, so that
/// its result does not depend on the caller, and the caller's state is set again when it ends, by an exception too. The rest of libtorch's state is never read: every tensor is made
/// with a type and a device of its own (a test holds that), lasting tensors are detached from the caller's dispose scopes, and random numbers come from <see cref="RandomStream"/>.
/// </summary>
internal static class TorchState
{
    /// <summary>Gradients are recorded and inference mode is off, on this thread, until the result is disposed; both are then as they were.</summary>
    /// <exception cref="InvalidOperationException">There is no libtorch for this machine; the message names the package.</exception>
    internal static IDisposable EnterOrdinary()
    {
        TorchRuntime.Load();
        return inference_mode(false);    // libtorch's guard turns gradients on as well, and restores both
    }
}
