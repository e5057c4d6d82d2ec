// How a transformer stands in ML.NET's model archive: its signature, its format, and how one is loaded.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>The signatures by which ML.NET finds a transformer's loader, and the formats that it reads.</summary>
/// <param name="Transformer">The transformer's type.</param>
/// <param name="Signature">Eight characters at the head of its stream.</param>
/// <param name="Loader">The name that its loader is registered by.</param>
/// <param name="Current">The newest format, since which entries have today's checksum; packages of the one before do not know it.</param>
internal sealed record ModelFormat(Type Transformer, string Signature, string Loader, uint Current)
{
    private const uint Oldest = 0x00010001;

    internal VersionInfo Version => new(
        modelSignature: Signature,
        verWrittenCur: Current,
        verReadableCur: Current,
        verWeCanReadBack: Oldest,
        loaderAssemblyName: Transformer.Assembly.FullName,
        loaderSignature: Loader);

    /// <summary>Loads a transformer for the device that there is, whatever the caller has set in libtorch.</summary>
    /// <param name="environment">Where ML.NET says what it does.</param>
    /// <param name="context">The model.</param>
    /// <param name="read">Makes the transformer of its entries, on the device.</param>
    /// <exception cref="InvalidDataException">The model is of a newer format, or broken.</exception>
    internal T Load<T>(IHostEnvironment environment, ModelLoadContext context, Func<ModelReader, TorchSharp.torch.Device, T> read)
    {
        var reader = new ModelReader(context, this);
        var device = TorchRuntime.Device("auto", environment);
        using var state = TorchState.EnterOrdinary();
        return read(reader, device);
    }
}
