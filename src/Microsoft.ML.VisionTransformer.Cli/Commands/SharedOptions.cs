// Arguments and options that several commands share.
using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class SharedOptions
{
    internal static Argument<string> Model() => new("model")
    {
        Description = "An ML.NET model.zip, a checkpoint file or folder, or a public model: its short name or its hub name owner/name.",
    };

    /// <summary>A whole number, at least <paramref name="least"/>; null if the option is absent.</summary>
    internal static Option<int?> Whole(string name, string description, int least) => new(name)
    {
        Description = description,
        HelpName = "number",
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least)
                return number;
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is '{MessageText.Of(result.Tokens[0].Value)}'; it must be a whole number, at least {least}."));
            return null;
        },
    };

    /// <summary>The short names of public models, for the help.</summary>
    internal static HelpList ShortNames() => new(
        "Short names of public models",
        [.. VisionTransformerCheckpoint.ShortNames.Select(model => (
            model.Name,
            string.Create(CultureInfo.InvariantCulture, $"{model.Description}; {model.Parameters / 1e6:F0} million parameters{(model.Classes == 0 ? ", no classes of its own" : "")}.")))]);

    internal static Argument<string[]> Images() => new("images")
    {
        Description = "Files, folders, patterns such as 'photos/**/*.jpg', or - for standard input: paths, one per line, or the bytes of one image.",
        Arity = ArgumentArity.OneOrMore,
    };

    internal static Option<InvalidImageHandling> InvalidImage() => new("--on-invalid-image")
    {
        Description = "What to do with an image that cannot be read: throw ends the command, skip leaves the image out and reports it. Default throw.",
        HelpName = "throw|skip",
        CustomParser = result =>
        {
            var value = new SettingValue("--on-invalid-image", result.Tokens[0].Value);
            if (value.Text is "throw" or "skip")
                return value.Choice<InvalidImageHandling>();
            result.AddError($"--on-invalid-image is '{value.Text}'; it must be throw or skip.");
            return default;
        },
    };
}

/// <summary>Options whose values are names of an enumeration, in kebab case.</summary>
internal static class ChoiceOption
{
    /// <summary>One name. The default is the enumeration's first value.</summary>
    internal static Option<T> One<T>(string name, string description) where T : struct, Enum => Create(name, description, "|", value => value.Choice<T>());

    /// <summary>Names separated by commas; null if the option is absent.</summary>
    internal static Option<T?> Several<T>(string name, string description) where T : struct, Enum => Create<T?>(name, description, ",", value => value.Choices<T>());

    private static Option<T> Create<T>(string name, string description, string separator, Func<SettingValue, T> read) => new(name)
    {
        Description = description,
        HelpName = string.Join(separator, Names(Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T))),
        CompletionSources = { _ => Names(Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T)).Select(value => new CompletionItem(value)) },
        CustomParser = result =>
        {
            try
            {
                return read(new SettingValue(name, result.Tokens[0].Value));
            }
            catch (UsageException e)
            {
                result.AddError(e.Message);
                return default!;
            }
        },
    };

    private static IEnumerable<string> Names(Type type) => Enum.GetNames(type).Select(SettingValue.Kebab);
}
