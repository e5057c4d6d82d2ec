// Makes transformers of checkpoints, with no training.
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Scoring.Engine;

namespace Microsoft.ML.VisionTransformer.Scoring;

internal static class PretrainedModels
{
    /// <summary>Opens a checkpoint and tells ML.NET's log of downloads and of what was assumed.</summary>
    /// <inheritdoc cref="VisionTransformerCheckpoint.Load"/>
    internal static VisionTransformerCheckpoint Open(
        IHostEnvironment environment, string pathOrHubId, VisionTransformerArchitecture? architecture, CancellationToken cancellation)
    {
        return Open(environment, log => VisionTransformerCheckpoint.Load(pathOrHubId, architecture, log: log, cancellationToken: cancellation));
    }

    /// <summary>As <see cref="Open(IHostEnvironment, string, VisionTransformerArchitecture?, CancellationToken)"/>, for a task with classes of its own.</summary>
    internal static VisionTransformerCheckpoint OpenForTask(
        IHostEnvironment environment, string pathOrHubId, VisionTransformerArchitecture? architecture, CancellationToken cancellation) =>
        Open(environment, log => VisionTransformerCheckpoint.LoadForTask(pathOrHubId, architecture, log, cancellation));

    private static VisionTransformerCheckpoint Open(IHostEnvironment environment, Func<Action<string>, VisionTransformerCheckpoint> load)
    {
        TorchRuntime.Load();
        using var log = environment.Start("Loading a pretrained Vision Transformer");
        var checkpoint = load(message => log.Info(MessageSensitivity.None, message));
        foreach (string note in checkpoint.Notes)
            log.Warning(MessageSensitivity.None, note);
        return checkpoint;
    }

    /// <summary>A classifier with the checkpoint's own head and class names.</summary>
    /// <exception cref="OperationCanceledException">Reading the weights was cancelled.</exception>
    /// <exception cref="NotSupportedException">It has no head that tells classes apart, or its images cannot be read.</exception>
    internal static VisionTransformerPredictionTransformer Classifier(
        VisionTransformerCheckpoint checkpoint, ImagePreprocessing? preprocessing, ColumnNames columns, TorchSharp.torch.Device device, CancellationToken cancellation)
    {
        var architecture = checkpoint.Architecture;
        if (architecture.Classes == 0 || !architecture.HeadBias)
        {
            throw new NotSupportedException(
                $"{checkpoint.Path} has no head that tells classes apart ({(architecture.Classes == 0 ? "it has none" : "it is a projection into another embedding")}). "
                + "Take its embeddings with mlContext.Transforms.VisionTransformerFeatures, or train a head: PretrainedModel of the trainer's options.");
        }

        var images = Preprocessing(checkpoint, preprocessing);
        var labels = checkpoint.ClassNames is { } names ? LabelValueType.Named("String")!.Parse(names) : new UnnamedClassLabels(architecture.Classes);
        var network = checkpoint.CreateNetwork(cancellation);
        return Owned(network, () => new VisionTransformerPredictionTransformer(
            new ModelDescription(architecture, images, labels, columns, null), new ScoringNetwork(network, device)));
    }

    /// <summary>A featurizer of the checkpoint.</summary>
    /// <exception cref="ArgumentException">The network does not give the embedding asked for.</exception>
    /// <exception cref="NotSupportedException">Its images cannot be read.</exception>
    internal static VisionTransformerFeatureTransformer Featurizer(
        VisionTransformerCheckpoint checkpoint, ImagePreprocessing? preprocessing, FeatureColumn column, TorchSharp.torch.Device device, CancellationToken cancellation)
    {
        var images = Preprocessing(checkpoint, preprocessing);
        bool keepsHead = column.Kind == FeatureKind.HeadOutput;
        var architecture = keepsHead ? checkpoint.Architecture : checkpoint.Architecture with { Classes = 0 };
        FeatureSizes.WidthOf(architecture, column.Kind);
        var head = new HeadPlan(keepsHead ? HeadFit.Kept : HeadFit.New, [], "The head is left out.");
        var network = checkpoint.CreateNetwork(architecture, head, seed: 0, cancellation);
        return Owned(network, () => new VisionTransformerFeatureTransformer(column, images, new ScoringNetwork(network, device)));
    }

    /// <exception cref="NotSupportedException">The network takes images of other channels than are read.</exception>
    internal static void RefuseOtherImages(VisionTransformerCheckpoint checkpoint)
    {
        if (checkpoint.Architecture.Channels is not (1 or 3))
        {
            throw new NotSupportedException(
                $"{checkpoint.Path} takes images of {checkpoint.Architecture.Channels} channels; images are read as 3 (red, green, blue) or 1 (grey). "
                + "Pass an architecture with Channels = 3.");
        }

        checkpoint.Preprocessing.Check();
    }

    /// <summary>The user's preprocessing, or the checkpoint's.</summary>
    /// <exception cref="ArgumentException">The user's makes other images than the network takes.</exception>
    /// <exception cref="NotSupportedException">The network takes images of other channels than are read.</exception>
    private static ImagePreprocessing Preprocessing(VisionTransformerCheckpoint checkpoint, ImagePreprocessing? wanted)
    {
        RefuseOtherImages(checkpoint);
        if (wanted is null)
            return checkpoint.Preprocessing;
        wanted.Check();
        var architecture = checkpoint.Architecture;
        if (wanted.Size != architecture.ImageSize || wanted.Mean.Count != architecture.Channels)
        {
            throw new ArgumentException(
                $"The preprocessing makes images of {wanted.Size} pixels and {wanted.Mean.Count} channels; the network of {checkpoint.Path} takes {architecture.ImageSize} "
                + $"and {architecture.Channels}. Change VisionTransformerCheckpoint.Preprocessing with a 'with' expression.",
                nameof(wanted));
        }

        return wanted;
    }

    private static T Owned<T>(VisionTransformerNetwork network, Func<T> make)
    {
        try
        {
            return make();
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }
}
