// train: trains a model on a folder of images.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Cli.Training;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class TrainCommand
{
    internal static ExampleCommand Create(CommandContext context)
    {
        var config = new Option<string>("--config") { Description = "A JSON file with settings by the names below. Options on the command line override it.", HelpName = "file.json" };
        var resume = new Option<bool>("--resume") { Description = "Resume an interrupted training, identified by --out or --workspace. Its settings are read from the workspace." };
        var command = new ExampleCommand(
            "train",
            "Trains a model on a folder of images, evaluates it, and writes the model and a report. Ctrl-C saves the best model so far.",
            ("From scratch", "train --data flowers --out flowers.zip"),
            ("From a public model, for few images", "train --data flowers --out flowers.zip --pretrained timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k"),
            ("A small custom network", "train --data flowers --out flowers.zip --image-size 96 --patch-size 8 --depth 6 --epochs 100"),
            ("With settings from a file", "train --config flowers.json --epochs 20"),
            ("With four processes", "mpirun -n 4 mlnet-vit train --data flowers --out flowers.zip"),
            ("After an interruption", "train --resume --out flowers.zip"))
        {
            config, resume,
        };
        command.SupportsMultipleProcesses = true;
        var options = TrainSettings.All.Select(setting => (Setting: setting, Option: OptionOf(setting))).ToArray();
        foreach (var (_, option) in options)
            command.Add(option);
        command.SetAction(parsed =>
        {
            var typed = options.Where(o => parsed.GetResult(o.Option) is { Implicit: false })
                .ToDictionary(o => o.Setting.Name, o => new SettingValue(o.Setting.Option, parsed.GetValue(o.Option) ?? "true"));
            return new TrainingSession(context, SessionSettings.Of(typed, parsed.GetValue(config), parsed.GetValue(resume))).Run();
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
