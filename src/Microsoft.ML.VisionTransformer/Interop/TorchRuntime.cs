// Loads libtorch, opens devices, and sets libtorch's thread state.
using System.Runtime.InteropServices;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Common;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>Loads the native library and opens devices by name.</summary>
internal static class TorchRuntime
{
    private const string LibtorchVersion = "2.10.0";

    /// <summary>Loads the native library, once per process.</summary>
    /// <exception cref="InvalidOperationException">The library is missing for this machine; the message names the package.</exception>
    internal static void Load()
    {
        try
        {
            RelaxedTorchSharp.Load();
            RequireLibtorch();
            torch.InitializeDeviceType(DeviceType.CPU);
            NativeHeap.Keep();
        }
        catch (Exception e) when (e is NotSupportedException or TypeInitializationException or DllNotFoundException or BadImageFormatException)
        {
            throw new InvalidOperationException(
                $"libtorch, the native library for tensor computation, could not be loaded on {RuntimeInformation.RuntimeIdentifier}. " +
                $"Reference {PackageForThisMachine()} in the application project; " +
                $"the package Microsoft.ML.VisionTransformer does not include it. Cause: {e.GetBaseException().Message.Split([". ", "\n"], StringSplitOptions.None)[0]}",
                e);
        }
    }

    /// <summary>Loads the native library before the base class of a module calls it.</summary>
    /// <param name="name">Returned unchanged.</param>
    /// <inheritdoc cref="Load"/>
    internal static string LoadFor(string name)
    {
        Load();
        return name;
    }

    /// <summary>The device with the given name.</summary>
    /// <param name="name">
    /// <c>auto</c> (the GPU set by <c>MLContext.GpuDeviceId</c>, otherwise the first GPU, otherwise the CPU), <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>,
    /// <c>mps</c>.
    /// </param>
    /// <param name="environment">ML.NET's environment, for GPU settings.</param>
    /// <param name="localRank">Rank of this process on this machine; with <c>auto</c>, each process uses its own GPU.</param>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="InvalidOperationException">The device is not available.</exception>
    internal static torch.Device Device(string name, IHostEnvironment environment, int localRank = 0)
    {
        Load();
        return Named(name) ?? Auto(environment, localRank);
    }

    /// <summary>Whether libtorch can be loaded on this machine.</summary>
    internal static bool CanLoad()
    {
        try
        {
            Load();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The device with the given name; null for <c>auto</c>.</summary>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="InvalidOperationException">The device is not available.</exception>
    internal static torch.Device? Named(string name)
    {
        var (kind, index) = ComputeDevice.Parse(name);
        return kind switch
        {
            ComputeDevice.Auto => null,
            ComputeDevice.CpuName => torch.CPU,
            "mps" => torch.mps_is_available() ? torch.MPS : throw Unavailable(name, "this machine has no Metal device"),
            _ => Cuda(index, name),
        };
    }

    /// <summary>
    /// Without libtorch, TorchSharp would print a long trace, and might copy 500 MB from the package cache beside the program. In a package folder, as in a
    /// kernel, TorchSharp finds libtorch itself; on a Mac, a library that a program loaded before is not found by its name.
    /// </summary>
    /// <exception cref="DllNotFoundException">libtorch is missing.</exception>
    private static void RequireLibtorch()
    {
        var assembly = typeof(torch).Assembly;
        if (!OperatingSystem.IsMacOS() && RelaxedTorchSharp.LibraryOf(assembly.Location) is null)
            NativeLibrary.Load("torch_cpu", assembly, null);
    }

    private static torch.Device Auto(IHostEnvironment environment, int localRank)
    {
        if (MLEnvironment.GpuDeviceId(environment) is { } requested)
        {
            if (torch.cuda.is_available() && requested >= 0 && requested < torch.cuda.device_count())
                return torch.device(DeviceType.CUDA, requested);
            if (!MLEnvironment.FallbackToCpu(environment))
                throw Unavailable($"cuda:{requested}", "MLContext.GpuDeviceId requests it and MLContext.FallbackToCpu is false");
            return torch.CPU;
        }

        if (torch.cuda.is_available())
            return torch.device(DeviceType.CUDA, localRank % torch.cuda.device_count());
        return torch.mps_is_available() ? torch.MPS : torch.CPU;
    }

    private static torch.Device Cuda(int index, string name)
    {
        if (!torch.cuda.is_available())
        {
            throw Unavailable(
                name,
                "libtorch found no CUDA GPU: reference TorchSharp-cuda-windows or TorchSharp-cuda-linux instead of the CPU package, and check the driver");
        }

        int count = torch.cuda.device_count();
        return index < count ? torch.device(DeviceType.CUDA, index) : throw Unavailable(name, $"this machine has {count} CUDA {(count == 1 ? "GPU" : "GPUs")}, numbered from 0");
    }

    private static InvalidOperationException Unavailable(string device, string reason) =>
        new($"The device {device} cannot be used: {reason}. Device = \"auto\" uses an available device.");

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
/// The caller's thread may be in <c>no_grad</c>, <c>inference_mode</c> or both. Each public entry point that trains, creates weights or computes first enters
/// the default state, so its result does not depend on the caller. The caller's state is restored at the end, also after an exception. No other libtorch
/// state is read: every tensor is created with an explicit type and device (a test checks this), long-lived tensors are detached from the caller's dispose
/// scopes, and random numbers come from <see cref="RandomStream"/>.
/// </summary>
internal static class TorchState
{
    /// <summary>Turns gradients on and inference mode off on this thread; disposing the result restores both.</summary>
    /// <exception cref="InvalidOperationException">libtorch is missing for this machine; the message names the package.</exception>
    internal static IDisposable EnterOrdinary()
    {
        TorchRuntime.Load();
        return inference_mode(false);    // libtorch's guard also turns gradients on, and restores both
    }
}
