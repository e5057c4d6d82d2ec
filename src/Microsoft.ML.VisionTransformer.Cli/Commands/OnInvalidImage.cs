// What a command does about an image that cannot be read.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Settings;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class OnInvalidImage
{
    internal static Option<InvalidImageHandling> Option() => new("--on-invalid-image")
    {
        Description = "What an image that cannot be read means: throw ends the command, skip leaves it out and says so. Default throw.",
        HelpName = "throw|skip",
        CustomParser = result =>
        {
            var value = new SettingValue("--on-invalid-image", result.Tokens[0].Value);
            if (value.Text is "throw" or "skip")
                return value.Choice<InvalidImageHandling>();
            result.AddError($"--on-invalid-image is '{value.Text}'; it can be throw or skip.");
            return default;
        },
    };
}
