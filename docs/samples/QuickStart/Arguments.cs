// The arguments of a training run. They are checked before the program does any work.
using System.Globalization;

namespace QuickStart;

/// <summary>Trains, evaluates, saves and predicts.</summary>
internal sealed record Arguments : Verb
{
    internal const int DefaultSeed = 1, DefaultImages = 300, FewestImages = 5;

    internal static readonly string DefaultWork = Path.Combine(Path.GetTempPath(), "vision-transformer-quickstart");

    /// <summary>The user's photos; null for generated ones.</summary>
    internal string? Data { get; private init; }

    /// <summary>Null for the recipe's default.</summary>
    internal int? Epochs { get; private init; }

    /// <summary>Null for the recipe's default.</summary>
    internal int? ImageSize { get; private init; }

    internal string Work { get; private init; } = DefaultWork;

    internal string Model { get; private init; } = "";

    internal int Seed { get; private init; } = DefaultSeed;

    internal int ImagesPerClass { get; private init; } = DefaultImages;

    internal static new Arguments Parse(string[] args)
    {
        var arguments = new Arguments();
        for (int i = 0; i < args.Length; i += 2)
        {
            string option = args[i];
            arguments = option switch
            {
                "--data" => arguments with { Data = Folder(option, Value()) },
                "--epochs" => arguments with { Epochs = Number(option, Value(), least: 1) },
                "--image-size" => arguments with { ImageSize = Number(option, Value(), least: 1) },
                "--model" => arguments with { Model = Path.GetFullPath(Value()) },
                "--work" => arguments with { Work = Path.GetFullPath(Value()) },
                "--seed" => arguments with { Seed = Number(option, Value(), least: 0) },
                "--images-per-class" => arguments with { ImagesPerClass = Number(option, Value(), least: FewestImages) },
                _ => throw new UsageException($"'{option}' is not an option."),
            };

            string Value() => i + 1 < args.Length && args[i + 1].Length > 0 ? args[i + 1] : throw new UsageException($"{option} needs a value.");
        }

        if (arguments.Data is not null && args.Contains("--images-per-class"))
            throw new UsageException("--images-per-class is for generated photos; leave it out with --data.");
        return arguments.WithModelPath();
    }

    /// <summary>Checks that the model can be saved, before minutes are spent on training.</summary>
    private Arguments WithModelPath()
    {
        string model = Model.Length > 0 ? Model : Path.Combine(Work, "model.zip");
        if (Directory.Exists(model))
            throw new UsageException($"--model {model} is a folder; give the name of a file.");
        Directory.CreateDirectory(Path.GetDirectoryName(model)!);
        return this with { Model = model };
    }

    private static string Folder(string option, string folder) =>
        Directory.Exists(folder) ? Path.GetFullPath(folder) : throw new UsageException($"The folder {option} {folder} is not there.");

    private static int Number(string option, string value, int least)
    {
        if (!int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
            throw new UsageException($"{option} {value} is not a whole number.");
        return number >= least ? number : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{option} is {number}; it must be at least {least}."));
    }
}
