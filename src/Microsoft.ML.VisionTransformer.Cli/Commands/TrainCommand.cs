// train: from a folder of images to a model.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Cli.Training;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class TrainCommand
{
    internal static ExampleCommand Create(CommandContext shell)
    {
        var config = new Option<string>("--config") { Description = "A JSON file with settings by the names below; what is typed beside it wins.", HelpName = "file.json" };
        var resume = new Option<bool>("--resume") { Description = "Go on with a training that was interrupted; --out or --workspace says which. Its settings are known." };
        var command = new ExampleCommand(
            "train",
            "Trains a model on a folder of images, judges it, and writes it with a report. Ctrl-C keeps the best model so far.",
            ("From scratch", "train --data flowers --out flowers.zip"),
            ("From a public model, for few images", "train --data flowers --out flowers.zip --pretrained timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k"),
            ("A small network of your own", "train --data flowers --out flowers.zip --image-size 96 --patch-size 8 --depth 6 --epochs 100"),
            ("With settings from a file", "train --config flowers.json --epochs 20"),
            ("By four processes", "mpirun -n 4 mlnet-vit train --data flowers --out flowers.zip"),
            ("After an interruption", "train --resume --out flowers.zip"))
        {
            config, resume,
        };
        command.FractionsItsWork = true;
        var options = TrainSettings.All.Select(setting => (Setting: setting, Option: OptionOf(setting))).ToArray();
        foreach (var (_, option) in options)
            command.Add(option);
        command.SetAction(parsed =>
        {
            var typed = options.Where(o => parsed.GetResult(o.Option) is { Implicit: false })
                .ToDictionary(o => o.Setting.Name, o => new SettingValue(o.Setting.Option, parsed.GetValue(o.Option) ?? "true"));
            return new TrainingSession(shell, SessionSettings.Of(typed, parsed.GetValue(config), parsed.GetValue(resume))).Run();
        });
        return command;
    }

    private static Option<string?> OptionOf(Setting setting) => new(setting.Option)
    {
        Description = setting.Help,
        HelpName = setting.Value ?? "true|false",
        Arity = setting.Value is null ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
    };
}
