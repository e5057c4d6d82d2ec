// Exports a network to ONNX, as a standalone file or as part of the graph of an ML.NET pipeline.
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Onnx.Export;
using Microsoft.ML.VisionTransformer.Onnx.Format;
using Microsoft.ML.VisionTransformer.Scoring.Engine;

namespace Microsoft.ML.VisionTransformer.Scoring;

/// <summary>
/// Adds a classifier to the ONNX graph of an ML.NET pipeline: from the pixel column to Score and PredictedLabel, a key that starts at 1,
/// with the operator set that ML.NET's converter writes.
/// </summary>
internal static class OnnxConversion
{
    private const string Input = "pixels", Scores = "scores", Label = "label";

    /// <summary>Adds the network.</summary>
    /// <param name="pipeline">The graph.</param>
    /// <param name="model">The network.</param>
    /// <param name="images">The pixel column.</param>
    /// <param name="schema">The output columns, including the added ones.</param>
    /// <param name="columns">The column names.</param>
    internal static void Save(PipelineGraph pipeline, OnnxModelDescription model, ImageColumn images, DataViewSchema schema, ColumnNames columns)
    {
        pipeline.RequireOperatorSet(PipelineGraph.OperatorSet, nameof(VisionTransformerPredictionTransformer));
        pipeline.Alias(Input, pipeline.Column(columns.Image));
        var graph = Build(model, images.IsInterleaved);
        foreach (var constant in graph.Initializers)
        {
            if (constant.Type == OnnxType.Int64)
                pipeline.AddLongs(constant.Name, constant.Bytes().Span, constant.Shape);
            else
                pipeline.AddFloats(constant.Name, constant.Bytes().Span, constant.Shape);
        }

        foreach (var node in graph.Nodes)
            pipeline.Add(node.Operator, node.Inputs, node.Outputs, node.Name, node.Attributes.Select(a => (a.Name, a.Value)));
        pipeline.SetColumn(columns.PredictedLabel, schema[columns.PredictedLabel].Type, Label);
        pipeline.SetColumn(columns.Score, schema[columns.Score].Type, Scores);
    }

    private static OnnxGraph Build(OnnxModelDescription model, bool interleaved)
    {
        var graph = new GraphBuilder(PipelineGraph.OperatorSet);
        var (channels, size) = (model.Architecture.Channels, model.Architecture.ImageSize);
        string shape = interleaved ? graph.Longs(-1, size.Height, size.Width, channels) : graph.Longs(-1, channels, size.Height, size.Width);
        string images = graph.Node("Reshape", "/pixels", [Input, shape]);
        if (interleaved)
            images = graph.Node("Transpose", "/pixels", [images], ("perm", [0L, 3, 1, 2]));
        var network = new NetworkPart(new NetworkContext(graph, model, OnnxPrecision.Float32), model, images, batchSize: null);
        string scores = network.Probabilities();
        string best = graph.Node("ArgMax", "/label", [scores], ("axis", 1), ("keepdims", 1));
        string key = graph.Node("Cast", "/label", [graph.Node("Add", "/label", [best, graph.Long(1)])], ("to", (long)OnnxType.UInt32));
        graph.Output(scores, Scores, OnnxType.Float32);
        graph.Output(key, Label, OnnxType.UInt32);
        return graph.Build();
    }
}

/// <summary>Writes the network of a transformer to an ONNX file.</summary>
internal static class OnnxNetwork
{
    /// <summary>Writes the file and keeps the network from being disposed meanwhile.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file.</param>
    /// <param name="describe">Builds the description of the model from a function that returns the values of a weight by name.</param>
    /// <param name="options">The export options; null for the defaults.</param>
    /// <param name="defaultOutputs">The outputs used when the options do not set any.</param>
    /// <inheritdoc cref="OnnxExport.Write"/>
    internal static void Write(
        ScoringNetwork network,
        string path,
        Func<Func<string, ReadOnlyMemory<float>>, OnnxModelDescription> describe,
        OnnxExportOptions? options,
        OnnxOutputs defaultOutputs) =>
        network.UseWeights(weights =>
            OnnxExport.Write(path, describe(name => weights[name].Values()), options ?? new OnnxExportOptions(), defaultOutputs));
}
