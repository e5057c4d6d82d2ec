// A pretrained Vision Transformer as the world publishes it: a file, a folder or a model of a hub.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// An open checkpoint. Read are safetensors (one file or sharded), PyTorch's zip files (<c>.pth</c>, <c>.pt</c>, <c>.bin</c>), NumPy's <c>.npz</c> and the ONNX files of
/// this library, told apart by content, with the tensor names of timm, Hugging Face (ViT, DeiT, DINOv2, DINOv3, CLIP, SigLIP), torchvision, Google's JAX code, Meta's
/// DINOv2 and DINOv3, and OpenCLIP. No checkpoint can run code.
/// </summary>
/// <remarks>Opening reads names and shapes; the numbers are read by <see cref="CreateNetwork()"/>. Dispose it to close the file.</remarks>
public sealed class VisionTransformerCheckpoint : IDisposable
{
    private static readonly HeadPlan _headKept = new(HeadFit.Kept, [], "The head is kept.");
    private static readonly HeadPlan _headLeftOut = new(HeadFit.New, [], "The head is left out.");

    /// <summary>Values that may start fresh where the file itself says which network it is for: a quarter of a GiB.</summary>
    private const long MostFresh = 1L << 26;

    private readonly CheckpointFile _file;
    private readonly LayoutMap _map;
    private readonly VisionTransformerArchitecture _stored;
    private readonly IReadOnlyList<string>? _storedNames;
    private readonly bool _strict;

    private VisionTransformerCheckpoint(
        CheckpointFile file, LayoutMap map, CheckpointDescription description, VisionTransformerArchitecture? given, bool strict, HeadPlan head)
    {
        (_file, _map, _strict, _stored, _storedNames) = (file, map, strict, description.Architecture, description.ClassNames);
        Architecture = given?.Check() ?? description.Architecture;
        Preprocessing = description.Preprocessing.WithChannels(Architecture.Channels) with { Size = Architecture.ImageSize };
        ClassNames = description.ClassNames?.Count == Architecture.Classes ? description.ClassNames : null;
        Notes = [.. file.Notes, .. description.Notes];
        if (given is null && !strict)
            RefuseMuchLarger(file, Architecture);
        Differences = new CheckpointFitting(map, _stored, Architecture, head).Check(strict).All;
    }

    /// <summary>What was opened: the file, or the index of a sharded one.</summary>
    public string Path => _file.Path;

    /// <summary>Whose tensor names the file has, such as "Hugging Face ViT".</summary>
    public string Layout => _map.Layout.Name;

    /// <summary>The network: as the configuration or the shapes say it, or as it was given.</summary>
    public VisionTransformerArchitecture Architecture { get; }

    /// <summary>How its images are prepared.</summary>
    public ImagePreprocessing Preprocessing { get; }

    /// <summary>Names of the head's outputs, in their order; null where the checkpoint does not say.</summary>
    public IReadOnlyList<string>? ClassNames { get; }

    /// <summary>What had to be assumed, a sentence each; empty where the checkpoint says everything.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>
    /// What of the file does not fit the network, a phrase for each tensor; empty unless it was loaded with <c>strict: false</c>. Tensors that are missing or of another
    /// shape start fresh.
    /// </summary>
    public IReadOnlyList<string> Differences { get; }

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="pathOrHubId">
    /// A file, a folder (<c>model.safetensors</c> with timm's or Hugging Face's <c>config.json</c>), or the id of a model on a Hugging Face hub such as
    /// <c>timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k</c>, with <c>@revision</c> or not.
    /// </param>
    /// <param name="architecture">
    /// The network to build. Its image size and channels may differ from the file's: positions are resampled and patch kernels adapted. Default null: as the file
    /// says; a lone file whose shapes leave something open is taken for the preset that fits, and <see cref="Notes"/> says so.
    /// </param>
    /// <param name="strict">
    /// Refuse a file in which a tensor is missing, left over, or of another shape. Default true; false lists them in <see cref="Differences"/>.
    /// </param>
    /// <param name="log">Told of downloads. Default null.</param>
    /// <param name="cancellationToken">Ends a download.</param>
    /// <returns>The checkpoint; dispose it when its networks have been made.</returns>
    /// <exception cref="FileNotFoundException">There is nothing of that name.</exception>
    /// <exception cref="ModelDownloadException">The hub's model cannot be had; the message says what was tried.</exception>
    /// <exception cref="InvalidCheckpointException">The file is broken, hostile, or does not fit; the message says where.</exception>
    /// <exception cref="ArgumentException">No network can be built from <paramref name="architecture"/>.</exception>
    public static VisionTransformerCheckpoint Load(
        string pathOrHubId,
        VisionTransformerArchitecture? architecture = null,
        bool strict = true,
        Action<string>? log = null,
        CancellationToken cancellationToken = default) =>
        Open(pathOrHubId, architecture, strict, _headKept, log ?? (_ => { }), cancellationToken);

    /// <summary>Opens a checkpoint whose head may be another than the architecture's: a task has classes of its own.</summary>
    /// <inheritdoc cref="Load"/>
    internal static VisionTransformerCheckpoint LoadForTask(
        string pathOrHubId, VisionTransformerArchitecture? architecture, Action<string> log, CancellationToken cancellationToken) =>
        Open(pathOrHubId, architecture, strict: true, _headLeftOut, log, cancellationToken);

    private static VisionTransformerCheckpoint Open(
        string pathOrHubId, VisionTransformerArchitecture? architecture, bool strict, HeadPlan head, Action<string> log, CancellationToken cancellationToken)
    {
        string path = CheckpointSource.Resolve(pathOrHubId, log, cancellationToken);
        var file = CheckpointFormat.OpenAny(path);
        try
        {
            var map = LayoutMap.Of(file);
            return new VisionTransformerCheckpoint(file, map, CheckpointDescriber.Describe(path, file, map, architecture), architecture, strict, head);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A configuration of a few bytes beside small weights must not ask for memory without a limit; whoever names the network may.</summary>
    private static void RefuseMuchLarger(CheckpointFile file, VisionTransformerArchitecture architecture)
    {
        long wanted = architecture.ParameterCount(), stored = file.Tensors.Values.Sum(tensor => tensor.Count);
        if (wanted - stored > MostFresh)
        {
            throw new InvalidCheckpointException(
                $"{file.Path} has {stored} values, and the network that it is said to be for has {wanted} parameters: the configuration is of another network. Pass the architecture if the rest is to start fresh.");
        }
    }

    /// <summary>Builds the network with the checkpoint's weights, in training mode. Each tensor is copied once; the caller disposes the network.</summary>
    /// <returns>The network; call <c>eval()</c> to predict with it.</returns>
    /// <exception cref="InvalidCheckpointException">A tensor cannot be read, or has values that are not finite.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public VisionTransformerNetwork CreateNetwork() => CreateNetwork(CancellationToken.None);

    /// <summary>As <see cref="CreateNetwork()"/>.</summary>
    /// <exception cref="OperationCanceledException">Reading was cancelled.</exception>
    internal VisionTransformerNetwork CreateNetwork(CancellationToken cancellation) => CreateNetwork(Architecture, _headKept, seed: 0, cancellation);

    /// <summary>What becomes of the head for a task with these classes.</summary>
    internal HeadPlan PlanHead(IReadOnlyList<string> classNames) => HeadPlan.Decide(_stored.HeadBias && _stored.RepresentationDimension == 0 ? _storedNames : null, classNames);

    /// <summary>Closes the file. Networks that were made stay.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Builds a network for a task from the weights.</summary>
    /// <param name="task">The network; image size, channels and head may differ from the checkpoint's.</param>
    /// <param name="head">What becomes of the head.</param>
    /// <param name="seed">Draws what the file lacks, where that was allowed.</param>
    /// <param name="cancellation">Ends the reading.</param>
    internal VisionTransformerNetwork CreateNetwork(VisionTransformerArchitecture task, HeadPlan head, int seed, CancellationToken cancellation) =>
        new CheckpointFitting(_map, _stored, Guard.NotNull(task).Check(), head).CreateNetwork(seed, _strict, cancellation);
}
