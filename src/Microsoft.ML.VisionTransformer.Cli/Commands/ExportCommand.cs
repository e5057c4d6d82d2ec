// export: a model for other programs.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class ExportCommand
{
    internal static ExampleCommand Create(CommandContext shell) => new(
        "export",
        "Writes a model for other programs.",
        ("For ONNX Runtime", "export onnx flowers.zip --out flowers.onnx"),
        ("For Python", "export safetensors flowers.zip --out flowers-timm"))
    {
        Onnx(shell),
        Safetensors(shell),
    };

    private static ExampleCommand Onnx(CommandContext shell)
    {
        var model = ModelArgument.Create();
        var path = new Option<string>("--out") { Description = "The file.", HelpName = "file.onnx", Required = true };
        var input = ChoiceOption.One<OnnxInput>("--input", "What the file takes: normalised images, or raw ones of any size. Default normalized-float.");
        var outputs = ChoiceOption.Several<OnnxOutputs>("--outputs", "What it gives. Default probabilities, or the embedding of a featurizer.");
        var precision = ChoiceOption.One<OnnxPrecision>("--precision", "Numbers in which it computes. Default float32.");
        var batch = new Option<int?>("--batch-size") { Description = "Images of one run. Default: any number.", HelpName = "number" };
        var external = new Option<bool>("--external-data") { Description = "Put the weights into a second file." };
        var command = new ExampleCommand(
            "onnx",
            "Writes one ONNX file.",
            ("Normalised images to probabilities", "export onnx flowers.zip --out flowers.onnx"),
            ("Raw images of any size, small weights", "export onnx flowers.zip --out flowers.onnx --input raw-rgb --precision int8"),
            ("Logits and embedding too", "export onnx flowers.zip --out flowers.onnx --outputs probabilities,logits,embedding"))
        {
            model, path, input, outputs, precision, batch, external,
        };
        command.SetAction(parsed => WriteOnnx(
            shell,
            parsed.GetValue(model)!,
            parsed.GetValue(path)!,
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

    private static ExampleCommand Safetensors(CommandContext shell)
    {
        var model = ModelArgument.Create();
        var folder = new Option<string>("--out") { Description = "The folder; it is made where it is not there.", HelpName = "folder", Required = true };
        var command = new ExampleCommand(
            "safetensors",
            "Writes a folder that timm or Hugging Face's transformers load: weights, configuration, preprocessing.",
            ("For Python", "export safetensors flowers.zip --out flowers-timm"))
        {
            model, folder,
        };
        command.SetAction(parsed =>
        {
            using var classifier = Classifier.Open(shell.NewContext(), parsed.GetValue(model)!);
            classifier.Network.SaveAsSafetensors(parsed.GetValue(folder)!);
            foreach (string file in Directory.EnumerateFiles(parsed.GetValue(folder)!).Order(StringComparer.Ordinal))
                shell.Out.WriteLine(file);
            return ExitCode.Done;
        });
        return command;
    }

    private static int WriteOnnx(CommandContext shell, string model, string path, OnnxExportOptions options)
    {
        OutputFile.Prepare(path);
        var context = shell.NewContext();
        if (ModelKind.IsMLNet(model))
        {
            var (loaded, schema) = MLNetModel.Load(context, model);
            if (MLNetModel.Parts(loaded).OfType<VisionTransformerFeatureTransformer>().FirstOrDefault() is { } featurizer)
            {
                using (loaded as IDisposable)
                    featurizer.SaveAsOnnx(path, options);
            }
            else
            {
                using var classifier = Classifier.Of(context, loaded, schema, model);
                classifier.Network.SaveAsOnnx(path, options);
            }
        }
        else
        {
            using var classifier = Classifier.Open(context, model);
            classifier.Network.SaveAsOnnx(path, options);
        }

        shell.Out.WriteLine(path);
        return ExitCode.Done;
    }
}
