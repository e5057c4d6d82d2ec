// A pretrained Vision Transformer checkpoint: a file, a folder, or a model on a Hugging Face hub.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Hub;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// An open checkpoint. Supported formats, detected by content: safetensors (single file or sharded), PyTorch zip files (<c>.pth</c>, <c>.pt</c>,
/// <c>.bin</c>), NumPy <c>.npz</c>, and ONNX files exported by this library. Supported tensor names: timm, Hugging Face (ViT, DeiT, DINOv2, DINOv3,
/// CLIP, SigLIP), torchvision, Google's JAX code, Meta's DINOv2 and DINOv3, and OpenCLIP. Loading a checkpoint never runs code from it.
/// </summary>
/// <remarks>Opening reads names and shapes; <see cref="CreateNetwork()"/> reads the values. Dispose the checkpoint to close the file.</remarks>
public sealed class VisionTransformerCheckpoint : IDisposable
{
    private static readonly HeadPlan _headKept = new(HeadFit.Kept, [], "The head is kept.");
    private static readonly HeadPlan _headLeftOut = new(HeadFit.New, [], "The head is left out.");

    /// <summary>Most parameters that may be missing from the file when the file itself names its architecture: 256 MiB of float32 values.</summary>
    private const long MaxFreshValues = 1L << 26;

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
            RejectMuchLarger(file, Architecture);
        Differences = new CheckpointFitting(map, _stored, Architecture, head).Check(strict).All;
    }

    /// <summary>
    /// Pretrained models of the Hugging Face hub with a short name, which is accepted wherever a pretrained model is named: in <see cref="Load"/>, by the
    /// trainer, for embeddings and for classifiers. Sorted by name.
    /// </summary>
    public static IReadOnlyList<PretrainedModelInfo> ShortNames => PretrainedModelInfo.All;

    /// <summary>Path of the opened file, or of the index of a sharded checkpoint.</summary>
    public string Path => _file.Path;

    /// <summary>Name of the file's tensor naming scheme, such as "Hugging Face ViT".</summary>
    public string Layout => _map.Layout.Name;

    /// <summary>The network's architecture: passed by the caller, read from the configuration, or inferred from the tensor shapes.</summary>
    public VisionTransformerArchitecture Architecture { get; }

    /// <summary>How images are preprocessed for the network.</summary>
    public ImagePreprocessing Preprocessing { get; }

    /// <summary>Class names in the order of the head's outputs; null if the checkpoint does not name them.</summary>
    public IReadOnlyList<string>? ClassNames { get; }

    /// <summary>Assumptions made while loading, one sentence each; empty if the checkpoint specifies everything.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>
    /// Differences between the file and the network, one phrase per tensor; empty unless loaded with <c>strict: false</c>. Tensors that are missing or
    /// have a different shape are initialized randomly.
    /// </summary>
    public IReadOnlyList<string> Differences { get; }

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="pathOrHubId">
    /// A file, a folder (<c>model.safetensors</c> with timm's or Hugging Face's <c>config.json</c>), one of <see cref="ShortNames"/> such as
    /// <c>vit-tiny</c>, or the id of a model on a Hugging Face hub such as <c>timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k</c>, optionally with
    /// <c>@revision</c>. An existing file or folder comes first, then a short name.
    /// </param>
    /// <param name="architecture">
    /// The network to build. Its image size and channels may differ from the file's: positions are resampled and patch kernels adapted. Default null: use
    /// the file's configuration; without one, infer the architecture from the shapes and the closest preset, and list the assumptions in <see cref="Notes"/>.
    /// </param>
    /// <param name="strict">
    /// Throw if a tensor is missing, unexpected, or has a different shape. Default true; false lists such tensors in <see cref="Differences"/>.
    /// </param>
    /// <param name="log">Receives messages about downloads. Default null.</param>
    /// <param name="cancellationToken">Cancels a download.</param>
    /// <returns>The checkpoint; dispose it after creating the networks.</returns>
    /// <exception cref="FileNotFoundException">There is no such file or folder, and it is neither a short name nor an id.</exception>
    /// <exception cref="ModelDownloadException">The model cannot be downloaded; the message says what was tried.</exception>
    /// <exception cref="InvalidCheckpointException">The file is corrupt, malicious, or does not match the network; the message says where.</exception>
    /// <exception cref="ArgumentException">No network can be built from <paramref name="architecture"/>.</exception>
    public static VisionTransformerCheckpoint Load(
        string pathOrHubId,
        VisionTransformerArchitecture? architecture = null,
        bool strict = true,
        Action<string>? log = null,
        CancellationToken cancellationToken = default) =>
        Open(pathOrHubId, architecture, strict, _headKept, log ?? (_ => { }), cancellationToken);

    /// <summary>Opens a checkpoint for a task with its own classes: the checkpoint's head may differ from the architecture's.</summary>
    /// <inheritdoc cref="Load"/>
    internal static VisionTransformerCheckpoint LoadForTask(
        string pathOrHubId, VisionTransformerArchitecture? architecture, Action<string> log, CancellationToken cancellationToken) =>
        Open(pathOrHubId, architecture, strict: true, _headLeftOut, log, cancellationToken);

    private static VisionTransformerCheckpoint Open(
        string pathOrHubId,
        VisionTransformerArchitecture? architecture,
        bool strict,
        HeadPlan head,
        Action<string> log,
        CancellationToken cancellationToken)
    {
        string path = CheckpointSource.Resolve(pathOrHubId, HubSettings.FromEnvironment, log, cancellationToken);
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

    /// <summary>Keeps a tiny file with a huge configuration from allocating unlimited memory. A caller who passes the architecture has no limit.</summary>
    private static void RejectMuchLarger(CheckpointFile file, VisionTransformerArchitecture architecture)
    {
        long required = architecture.ParameterCount(), stored = file.Tensors.Values.Sum(tensor => tensor.Count);
        if (required - stored > MaxFreshValues)
        {
            throw new InvalidCheckpointException(
                $"{file.Path} has {stored} values, but the network in its configuration has {required} parameters: "
                + "the configuration belongs to another network. Pass the architecture to initialize the missing parameters randomly.");
        }
    }

    /// <summary>Builds the network with the checkpoint's weights, in training mode. Each tensor is copied once; the caller disposes the network.</summary>
    /// <returns>The network; call <c>eval()</c> before predicting with it.</returns>
    /// <exception cref="InvalidCheckpointException">A tensor cannot be read, or has values that are not finite.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public VisionTransformerNetwork CreateNetwork()
    {
        using var weights = ReadWeights(CancellationToken.None);
        return VisionTransformerNetwork.Of(weights.Architecture, weights.ByName());
    }

    /// <summary>Reads the weights of <see cref="Architecture"/>. The caller disposes them.</summary>
    /// <exception cref="InvalidCheckpointException">A tensor cannot be read, or has values that are not finite.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    /// <exception cref="OperationCanceledException">Reading was canceled.</exception>
    internal NetworkWeights ReadWeights(CancellationToken cancellation) => ReadWeights(Architecture, _headKept, seed: 0, cancellation);

    /// <summary>Decides how the head is handled for a task with these classes.</summary>
    internal HeadPlan PlanHead(IReadOnlyList<string> classNames) =>
        HeadPlan.Decide(_stored.HeadBias && _stored.RepresentationDimension == 0 ? _storedNames : null, classNames);

    /// <summary>Closes the file. Networks created from it remain usable.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads the checkpoint's weights for a task. The caller disposes them.</summary>
    /// <param name="task">The task's architecture; image size, channels and head may differ from the checkpoint's.</param>
    /// <param name="head">How the head is handled.</param>
    /// <param name="seed">Seeds the weights that the file lacks, if it was opened with <c>strict: false</c>.</param>
    /// <param name="cancellation">Cancels reading.</param>
    internal NetworkWeights ReadWeights(VisionTransformerArchitecture task, HeadPlan head, int seed, CancellationToken cancellation) =>
        new CheckpointFitting(_map, _stored, Guard.NotNull(task).Check(), head).Read(seed, _strict, cancellation);
}
