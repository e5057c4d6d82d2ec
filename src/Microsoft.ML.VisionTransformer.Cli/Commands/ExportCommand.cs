// export: writes a model as ONNX or as safetensors, for other programs.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class ExportCommand
{
    internal static ExampleCommand Create(CommandContext context) => new(
        "export",
        "Exports a model to other formats.",
        ("For ONNX Runtime", "export onnx flowers.zip --out flowers.onnx"),
        ("For Python", "export safetensors flowers.zip --out flowers-timm"))
    {
        Onnx(context),
        Safetensors(context),
    };

    private static ExampleCommand Onnx(CommandContext context)
    {
        var model = SharedOptions.Model();
        var path = new Option<string>("--out") { Description = "The output file.", HelpName = "file.onnx", Required = true };
        var force = OutputFile.ForceOption();
        var input = ChoiceOption.One<OnnxInput>("--input", "Input of the ONNX model: normalized images, or raw images of any size. Default normalized-float.");
        var outputs = ChoiceOption.Several<OnnxOutputs>("--outputs", "Outputs of the ONNX model. Default probabilities, or the embedding for a featurizer.");
        var precision = ChoiceOption.One<OnnxPrecision>("--precision", "Numeric precision of the computation. Default float32.");
        var batch = SharedOptions.Whole("--batch-size", "Fixed batch size. Default: any number of images.", least: 1);
        var external = new Option<bool>("--external-data") { Description = "Write the weights to a separate file." };
        var command = new ExampleCommand(
            "onnx",
            "Writes one ONNX file.",
            ("Normalized images to probabilities", "export onnx flowers.zip --out flowers.onnx"),
            ("Raw images of any size, int8 weights", "export onnx flowers.zip --out flowers.onnx --input raw-rgb --precision int8"),
            ("With logits and embedding", "export onnx flowers.zip --out flowers.onnx --outputs probabilities,logits,embedding"))
        {
            model, path, force, input, outputs, precision, batch, external,
        };
        command.SetAction(parsed => WriteOnnx(
            context,
            parsed.GetValue(model)!,
            parsed.GetValue(path)!,
            parsed.GetValue(force),
            new OnnxExportOptions
            {
                Input = parsed.GetValue(input),
                Outputs = parsed.GetValue(outputs),
                Precision = parsed.GetValue(precision),
                BatchSize = parsed.GetValue(batch),
                ExternalData = parsed.GetValue(external),
            }));
        return command;
    }

    private static ExampleCommand Safetensors(CommandContext context)
    {
        var model = SharedOptions.Model();
        var folder = new Option<string>("--out") { Description = "The output folder; it is created if missing.", HelpName = "folder", Required = true };
        var force = OutputFile.ForceOption();
        var command = new ExampleCommand(
            "safetensors",
            "Writes a folder that timm or Hugging Face transformers can load: weights, configuration, preprocessing.",
            ("For Python", "export safetensors flowers.zip --out flowers-timm"))
        {
            model, folder, force,
        };
        command.SetAction(parsed => WriteSafetensors(context, parsed.GetValue(model)!, parsed.GetValue(folder)!, parsed.GetValue(force)));
        return command;
    }

    private static int WriteSafetensors(CommandContext context, string model, string folder, bool force)
    {
        OutputFile.PrepareFolder(folder);
        if (!force && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new IOException($"The folder {MessageText.OfPath(folder)} is not empty. Choose another folder, or add --force to replace the files of an earlier export.");
        using var classifier = Classifier.Open(context.CreateMLContext(), model);
        classifier.Network.SaveAsSafetensors(folder);
        foreach (string file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            context.Out.WriteLine(file);
        return ExitCode.Done;
    }

    private static int WriteOnnx(CommandContext context, string model, string path, bool force, OnnxExportOptions options)
    {
        OutputFile.Prepare(path, force, model);
        if (options.ExternalData)
            OutputFile.RefuseExisting($"{path}.data", force);
        var mlContext = context.CreateMLContext();
        if (ModelKind.IsMLNet(model))
        {
            var (loaded, schema) = MLNetModel.Load(mlContext, model);
            if (MLNetModel.Parts(loaded).OfType<VisionTransformerFeatureTransformer>().FirstOrDefault() is { } featurizer)
            {
                using (loaded as IDisposable)
                    featurizer.SaveAsOnnx(path, options);
            }
            else
            {
                using var classifier = Classifier.Of(mlContext, loaded, schema, model);
                classifier.Network.SaveAsOnnx(path, options);
            }
        }
        else
        {
            using var classifier = Classifier.Open(mlContext, model);
            classifier.Network.SaveAsOnnx(path, options);
        }

        context.Out.WriteLine(path);
        return ExitCode.Done;
    }
}
