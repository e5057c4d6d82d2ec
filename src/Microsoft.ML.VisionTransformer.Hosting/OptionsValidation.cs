// Checks the options of served models, all together, when the first service that uses them is created.
using System.Globalization;
using Microsoft.Extensions.Options;

namespace Microsoft.ML.VisionTransformer.Hosting;

internal sealed class ClassifierOptionsValidation : IValidateOptions<VisionTransformerClassifierOptions>
{
    public ValidateOptionsResult Validate(string? name, VisionTransformerClassifierOptions options)
    {
        var problems = new OptionProblems(options);
        if (options.ThreadsPerEngine is { } threads)
            problems.AtLeast(nameof(options.ThreadsPerEngine), threads, 1);
        problems.Positive(nameof(options.ReloadDelay), options.ReloadDelay);
        problems.Positive(nameof(options.ReloadPollInterval), options.ReloadPollInterval);
        return problems.Result;
    }
}

internal sealed class EmbeddingOptionsValidation : IValidateOptions<VisionTransformerEmbeddingOptions>
{
    public ValidateOptionsResult Validate(string? name, VisionTransformerEmbeddingOptions options)
    {
        var problems = new OptionProblems(options);
        if (options.BatchSize is { } size)
            problems.AtLeast(nameof(options.BatchSize), size, 1);
        if (!Enum.IsDefined(options.Kind))
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"Kind is {(int)options.Kind}, which is no value of FeatureKind."));
        return problems.Result;
    }
}

/// <summary>What is wrong with some options; the checks that all models share run at once.</summary>
internal sealed class OptionProblems
{
    private readonly List<string> _problems = [];

    internal OptionProblems(VisionTransformerModelOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Model) == (options.Load is null))
        {
            Add(options.Load is null
                ? "Model is not set; set it to a model file, a checkpoint folder or a hub id, or set Load."
                : "Both Model and Load are set; set one of them.");
        }

        if (options.ImageColumn is { } column && string.IsNullOrWhiteSpace(column))
            Add("ImageColumn is blank; leave it null to find the column in the model file.");
        if (options.ScoringPrecision is { } precision && !Enum.IsDefined(precision))
            Add(string.Create(CultureInfo.InvariantCulture, $"ScoringPrecision is {(int)precision}, which is no value of ScoringPrecision."));
        AtLeast(nameof(options.Engines), options.Engines, 1);
        AtLeast(nameof(options.QueueLimit), options.QueueLimit, 0);
        AtLeast(nameof(options.MaxImageBytes), options.MaxImageBytes, 1);
        if (options.MaxImageBytes > Array.MaxLength)
            Add(string.Create(CultureInfo.InvariantCulture, $"MaxImageBytes is {options.MaxImageBytes}; it must be at most {Array.MaxLength}."));
        AtLeast(nameof(options.MaxImageBytesInMemory), options.MaxImageBytesInMemory, options.MaxImageBytes);
        AtLeast(nameof(options.MaxPixels), options.MaxPixels, 1);
        AtLeast(nameof(options.MegapixelsAtOnce), options.MegapixelsAtOnce, 1);
    }

    internal ValidateOptionsResult Result => _problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_problems);

    internal void Add(string problem) => _problems.Add(problem);

    internal void AtLeast(string name, long value, long minimum)
    {
        if (value < minimum)
            Add(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be at least {minimum}."));
    }

    internal void Positive(string name, TimeSpan value)
    {
        if (value <= TimeSpan.Zero || value.TotalMilliseconds > int.MaxValue)
            Add(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be above zero and at most 24 days."));
    }
}
