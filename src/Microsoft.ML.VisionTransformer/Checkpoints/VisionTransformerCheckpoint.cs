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
/// An open checkpoint. The library detects the format by content: safetensors (one file or shards), PyTorch zip files
/// (<c>.pth</c>, <c>.pt</c>, <c>.bin</c>), NumPy <c>.npz</c>, and ONNX files that this library exported. It knows the
/// tensor names of timm, Hugging Face (ViT, DeiT, DINOv2, DINOv3, CLIP, SigLIP) and torchvision. It also knows those of
/// Google's JAX code, Meta's DINOv2 and DINOv3, and OpenCLIP. Loading a checkpoint never runs code from it.
/// </summary>
/// <remarks>
/// Opening a checkpoint reads names and shapes. <see cref="CreateNetwork()"/> reads the values. Dispose the checkpoint
/// to close the file.
/// </remarks>
/// <example>
/// <code>
/// using Microsoft.ML.VisionTransformer;
///
/// using VisionTransformerCheckpoint checkpoint = VisionTransformerCheckpoint.Load(
///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k");
/// Console.WriteLine($"{checkpoint.Layout}, {checkpoint.Architecture.CountParameters():N0} parameters");
/// Console.WriteLine($"input {checkpoint.Preprocessing.Size}, {checkpoint.ClassNames?.Count ?? 0} class names");
/// foreach (string note in checkpoint.Notes)
///     Console.WriteLine(note);
///
/// using VisionTransformerNetwork network = checkpoint.CreateNetwork();
/// network.eval();
/// </code>
/// </example>
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
    /// The pretrained models on the Hugging Face hub that have a short name, sorted by name. You can use a short name
    /// wherever a pretrained model is named: in <see cref="Load"/>, for the trainer, for features and for classifiers.
    /// </summary>
    public static IReadOnlyList<PretrainedModelInfo> ShortNames => PretrainedModelInfo.All;

    /// <summary>Path of the open file, or of the index file of a sharded checkpoint.</summary>
    public string Path => _file.Path;

    /// <summary>Name of the naming scheme of the tensors in the file, such as "Hugging Face ViT".</summary>
    public string Layout => _map.Layout.Name;

    /// <summary>
    /// The architecture of the network: the one that you passed, the one in the configuration, or one inferred from the
    /// shapes of the tensors.
    /// </summary>
    public VisionTransformerArchitecture Architecture { get; }

    /// <summary>How images become the input of the network.</summary>
    public ImagePreprocessing Preprocessing { get; }

    /// <summary>
    /// The class names, in the order of the outputs of the head. Null if the checkpoint does not contain them.
    /// </summary>
    public IReadOnlyList<string>? ClassNames { get; }

    /// <summary>
    /// Assumptions that were made while loading, one sentence each. Empty if the checkpoint specifies everything.
    /// </summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>
    /// Differences between the file and the network, one phrase per tensor. Tensors that are missing or have a
    /// different shape are initialized randomly. Empty unless the checkpoint was loaded with <c>strict: false</c>.
    /// </summary>
    public IReadOnlyList<string> Differences { get; }

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="pathOrHubId">
    /// A file, a folder with <c>model.safetensors</c> and timm's or Hugging Face's <c>config.json</c>, one of
    /// <see cref="ShortNames"/> such as <c>vit-tiny</c>, or the id of a model on a Hugging Face hub. An id such as
    /// <c>timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k</c> may end with <c>@revision</c>. An existing file or folder
    /// has priority, then a short name.
    /// </param>
    /// <param name="architecture">
    /// The architecture of the network to build. Its image size and channels may differ from the file's: the position
    /// embedding is resampled, and the kernels of the patch embedding are adapted. Default null: the file's
    /// configuration is used. Without a configuration, the architecture is inferred from the shapes and the nearest
    /// preset, and <see cref="Notes"/> lists the assumptions.
    /// </param>
    /// <param name="strict">
    /// Whether to throw if a tensor is missing, unexpected, or has a different shape. If false, such tensors are listed
    /// in <see cref="Differences"/>. Default true.
    /// </param>
    /// <param name="log">Receives messages about downloads. Default null: they are not reported.</param>
    /// <param name="cancellationToken">Cancels a download.</param>
    /// <returns>The checkpoint. Dispose it after you have created the networks.</returns>
    /// <exception cref="FileNotFoundException">
    /// The file or folder does not exist, and the text is neither a short name nor an id.
    /// </exception>
    /// <exception cref="ModelDownloadException">
    /// The model cannot be downloaded. The message says what was tried.
    /// </exception>
    /// <exception cref="InvalidCheckpointException">
    /// The file is corrupt or malicious, or does not match the network. The message says where.
    /// </exception>
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

    /// <summary>
    /// Builds the network with the weights of the checkpoint, in training mode. Each tensor is copied once.
    /// </summary>
    /// <returns>The network, which the caller disposes. Call <c>eval()</c> before you predict with it.</returns>
    /// <exception cref="InvalidCheckpointException">
    /// A tensor cannot be read, or has values that are not finite.
    /// </exception>
    /// <exception cref="InvalidOperationException">libtorch cannot be loaded. The message says how to add it.</exception>
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

    /// <summary>Closes the file. You can still use the networks that were created from it.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads the checkpoint's weights for a task. The caller disposes them.</summary>
    /// <param name="task">The task's architecture; image size, channels and head may differ from the checkpoint's.</param>
    /// <param name="head">How the head is handled.</param>
    /// <param name="seed">Seeds the weights that the file lacks, if it was opened with <c>strict: false</c>.</param>
    /// <param name="cancellation">Cancels reading.</param>
    internal NetworkWeights ReadWeights(VisionTransformerArchitecture task, HeadPlan head, int seed, CancellationToken cancellation) =>
        new CheckpointFitting(_map, _stored, Guard.NotNull(task).Check(), head).Read(seed, _strict, cancellation);
}
