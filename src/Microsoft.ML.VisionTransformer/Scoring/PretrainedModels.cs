// Creates transformers from pretrained checkpoints, without training.
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
    /// <summary>Opens a checkpoint and writes downloads and assumptions to the ML.NET log.</summary>
    /// <inheritdoc cref="VisionTransformerCheckpoint.Load"/>
    internal static VisionTransformerCheckpoint Open(
        IHostEnvironment environment, string pathOrHubId, VisionTransformerArchitecture? architecture, CancellationToken cancellation)
    {
        return Open(environment, log => VisionTransformerCheckpoint.Load(pathOrHubId, architecture, log: log, cancellationToken: cancellation));
    }

    /// <summary>
    /// As <see cref="Open(IHostEnvironment, string, VisionTransformerArchitecture?, CancellationToken)"/>, for a task that has its own classes.
    /// </summary>
    internal static VisionTransformerCheckpoint OpenForTask(
        IHostEnvironment environment, string pathOrHubId, VisionTransformerArchitecture? architecture, CancellationToken cancellation) =>
        Open(environment, log => VisionTransformerCheckpoint.LoadForTask(pathOrHubId, architecture, log, cancellation));

    private static VisionTransformerCheckpoint Open(IHostEnvironment environment, Func<Action<string>, VisionTransformerCheckpoint> load)
    {
        using var log = environment.Start("Loading a pretrained Vision Transformer");
        var checkpoint = load(message => log.Info(MessageSensitivity.None, message));
        foreach (string note in checkpoint.Notes)
            log.Warning(MessageSensitivity.None, note);
        return checkpoint;
    }

    /// <summary>A classifier with the checkpoint's own head and class names.</summary>
    /// <exception cref="OperationCanceledException">Reading the weights was canceled.</exception>
    /// <exception cref="NotSupportedException">The checkpoint has no classification head, or images cannot be read in the form it needs.</exception>
    internal static VisionTransformerPredictionTransformer Classifier(
        VisionTransformerCheckpoint checkpoint,
        ImagePreprocessing? preprocessing,
        ColumnNames columns,
        ComputeDevice device,
        CancellationToken cancellation)
    {
        var architecture = checkpoint.Architecture;
        if (architecture.Classes == 0 || !architecture.HeadBias)
        {
            throw new NotSupportedException(
                $"{checkpoint.Path} has no classification head "
                + $"({(architecture.Classes == 0 ? "it has no head" : "its head is a projection into another embedding")}). "
                + "Compute embeddings with mlContext.Transforms.VisionTransformerFeatures, "
                + "or train a head by setting PretrainedModel in the trainer's options.");
        }

        var images = Preprocessing(checkpoint, preprocessing);
        var labels = checkpoint.ClassNames is { } names ? LabelValueType.Named("String")!.Parse(names) : new UnnamedClassLabels(architecture.Classes);
        var network = new ScoringNetwork(checkpoint.ReadWeights(cancellation), device);
        return Owned(network, () => new VisionTransformerPredictionTransformer(new ModelDescription(architecture, images, labels, columns, null), network));
    }

    /// <summary>A feature transformer with the checkpoint's weights.</summary>
    /// <exception cref="ArgumentException">The network does not produce the requested embedding.</exception>
    /// <exception cref="NotSupportedException">Images cannot be read in the form that the checkpoint needs.</exception>
    internal static VisionTransformerFeatureTransformer Featurizer(
        VisionTransformerCheckpoint checkpoint,
        ImagePreprocessing? preprocessing,
        FeatureColumn column,
        ComputeDevice device,
        CancellationToken cancellation)
    {
        var images = Preprocessing(checkpoint, preprocessing);
        bool keepsHead = column.Kind == FeatureKind.HeadOutput;
        var architecture = keepsHead ? checkpoint.Architecture : checkpoint.Architecture with { Classes = 0 };
        FeatureSizes.WidthOf(architecture, column.Kind);
        var head = new HeadPlan(keepsHead ? HeadFit.Kept : HeadFit.New, [], "The head is left out.");
        var network = new ScoringNetwork(checkpoint.ReadWeights(architecture, head, seed: 0, cancellation), device);
        return Owned(network, () => new VisionTransformerFeatureTransformer(column, images, network));
    }

    /// <exception cref="NotSupportedException">The network's number of channels is not supported.</exception>
    internal static void RequireSupportedChannels(VisionTransformerCheckpoint checkpoint)
    {
        if (checkpoint.Architecture.Channels is not (1 or 3))
        {
            throw new NotSupportedException(
                $"{checkpoint.Path} takes images with {checkpoint.Architecture.Channels} channels; images are read with 3 (red, green, blue) or 1 (gray). "
                + "Pass an architecture with Channels = 3.");
        }

        checkpoint.Preprocessing.Check();
    }

    /// <summary>The user's preprocessing, or the checkpoint's.</summary>
    /// <exception cref="ArgumentException">The user's preprocessing does not match the network's image size or channels.</exception>
    /// <exception cref="NotSupportedException">The network's number of channels is not supported.</exception>
    private static ImagePreprocessing Preprocessing(VisionTransformerCheckpoint checkpoint, ImagePreprocessing? preprocessing)
    {
        RequireSupportedChannels(checkpoint);
        if (preprocessing is null)
            return checkpoint.Preprocessing;
        preprocessing.Check();
        var architecture = checkpoint.Architecture;
        if (preprocessing.Size != architecture.ImageSize || preprocessing.Mean.Count != architecture.Channels)
        {
            throw new ArgumentException(
                $"The preprocessing produces images of {preprocessing.Size} pixels with {preprocessing.Mean.Count} channels; the network of {checkpoint.Path} "
                + $"takes {architecture.ImageSize} with {architecture.Channels}. "
                + "Derive it from VisionTransformerCheckpoint.Preprocessing with a 'with' expression.",
                nameof(preprocessing));
        }

        return preprocessing;
    }

    private static T Owned<T>(ScoringNetwork network, Func<T> create)
    {
        try
        {
            return create();
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }
}
