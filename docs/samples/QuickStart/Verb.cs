// Parses the command line, and has the help.
namespace QuickStart;

/// <summary>The requested command: <see cref="Arguments"/>, <see cref="PredictArguments"/> or <see cref="Help"/>.</summary>
internal abstract record Verb
{
    internal static readonly string Usage =
        $"""
        Trains a small Vision Transformer from scratch, tests it, saves it as a .zip, and predicts with that .zip in another process.

        QuickStart [options]                       on generated photos of {Photos.Motifs.All.Count} shapes and patterns
        QuickStart --data <folder> [options]       on your photos: <folder>/<class>/<image>
        QuickStart predict <zip> <image> ...       the most probable classes of some images

        Training is from scratch: with your photos it takes hundreds of each class to do well.

          --epochs N             passes over the photos (default {Recipes.GeneratedPhotosEpochs}; with --data {Recipes.YourPhotosEpochs})
          --image-size N         side in pixels that photos are resized to (default {Recipes.GeneratedPhotosImageSize}; with --data {Recipes.YourPhotosImageSize})
          --model <zip>          where the model is saved (default model.zip in the work folder)
          --work <folder>        where generated photos and the model go (default {Arguments.DefaultWork})
          --seed N               seed of the photos, the split and the training (default {Arguments.DefaultSeed})
          --images-per-class N   generated photos of each class, at least {Arguments.FewestImages} (default {Arguments.DefaultImages})
          --help                 this text

        Exit codes: 0 done, 1 failed, 2 wrong arguments, 130 cancelled with Ctrl-C.
        """;

    /// <exception cref="UsageException">An argument is invalid; the message names it.</exception>
    internal static Verb Parse(string[] args)
    {
        if (args.Any(a => a is "--help" or "-h"))
            return new Help();
        return args is ["predict", .. var rest] ? PredictArguments.Parse(rest) : Arguments.Parse(args);
    }
}

/// <summary>Prints the help.</summary>
internal sealed record Help : Verb;

/// <summary>Predicts the classes of images.</summary>
internal sealed record PredictArguments(string Model, IReadOnlyList<string> Images) : Verb
{
    internal static new PredictArguments Parse(string[] args)
    {
        if (args.Length < 2)
            throw new UsageException("predict needs a model .zip and at least one image.");
        foreach (string file in args)
        {
            if (!File.Exists(file))
                throw new UsageException($"The file {file} is not there.");
        }

        return new PredictArguments(args[0], args[1..]);
    }
}
