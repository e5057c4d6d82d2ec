// train: trains a model on a folder of images.
using System.CommandLine;
using System.CommandLine.Completions;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Cli.Training;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class TrainCommand
{
    internal static ExampleCommand Create(CommandContext context)
    {
        var config = new Option<string>("--config") { Description = "A JSON file of settings, with the option names below as keys. Command-line options override it.", HelpName = "file.json" };
        var resume = new Option<bool>("--resume") { Description = "Resume an interrupted training run, found by its --out or --workspace, with the same settings." };
        var force = OutputFile.ForceOption();
        force.Description = "Replace the model, the report and the list of test images of an earlier run.";
        var command = new ExampleCommand(
            "train",
            "Trains a model on a folder of images, evaluates it, and writes the model and a report. Ctrl-C stops training and keeps the best model so far.",
            ("From a public model, best for most data", "train --data flowers --out flowers.zip --pretrained vit-small"),
            ("In seconds: train only the head of a public model", "train --data flowers --out flowers.zip --pretrained vit-tiny --strategy linear-probe"),
            ("From scratch, with a small custom network", "train --data flowers --out flowers.zip --image-size 96 --patch-size 8 --depth 6"),
            ("With settings from a file", "train --config flowers.json --epochs 20"),
            ("With four processes", "mpirun -n 4 mlnet-vit train --data flowers --out flowers.zip"),
            ("After an interruption", "train --resume --out flowers.zip"))
        {
            config, resume, force,
            new Option<bool>(CommandHelp.AllOption) { Description = "Show help with the advanced options.", Action = new CommandHelp(all: true) },
        };
        command.SupportsMultipleProcesses = true;
        var options = TrainSettings.All.Select(setting => (Setting: setting, Option: OptionOf(setting))).ToArray();
        foreach (var (_, option) in options)
            command.Add(option);
        command.SetAction(parsed =>
        {
            context.InUserTerms = OptionNames.InMessage;
            var typed = options.Where(o => parsed.GetResult(o.Option) is { Implicit: false })
                .ToDictionary(o => o.Setting.Name, o => new SettingValue(o.Setting.Option, parsed.GetValue(o.Option) ?? "true"));
            return new TrainingSession(context, SessionSettings.Of(typed, parsed.GetValue(config), parsed.GetValue(resume)), parsed.GetValue(force)).Run();
        });
        command.Lists = [SharedOptions.ShortNames()];
        command.Groups = TrainSettings.Groups;
        command.RequiredOptions = new HashSet<string>(["--data", "--out"], StringComparer.Ordinal);
        return command;
    }

    private static Option<string?> OptionOf(Setting setting) => new(setting.Option)
    {
        Description = setting.Help,
        HelpName = setting.Value ?? (setting.Help.Contains("Default true", StringComparison.Ordinal) ? "true|false" : null),
        Arity = setting.Value is null ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
        CompletionSources = { _ => setting.Choices.Select(value => new CompletionItem(value)) },
    };
}
