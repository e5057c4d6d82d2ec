// The model that a command works with.
using System.CommandLine;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class ModelArgument
{
    internal static Argument<string> Create() => new("model")
    {
        Description = "A model.zip of ML.NET, a checkpoint's file or folder, or a hub's owner/name.",
    };

    internal static Argument<string[]> Images() => new("images")
    {
        Description = "Files, folders, patterns such as 'photos/**/*.jpg', or - for standard input: paths, one a line, or the bytes of one image.",
        Arity = ArgumentArity.OneOrMore,
    };
}
