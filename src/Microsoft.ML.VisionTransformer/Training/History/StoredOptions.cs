// The options that a model file stores: those that describe the training, not the machine, and of them those that differ from their defaults.
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;
using Options = Microsoft.ML.VisionTransformer.VisionTransformerTrainer.Options;

namespace Microsoft.ML.VisionTransformer.Training.History;

/// <summary>The options that <see cref="TrainingHistory.Options"/> has.</summary>
internal static class StoredOptions
{
    /// <summary>Options that are not stored, with the reason.</summary>
    internal static IReadOnlyDictionary<string, string> Excluded { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [nameof(Options.ValidationSet)] = "It holds rows.",
        [nameof(Options.MetricsCallback)] = "It is code.",
        [nameof(Options.CancellationToken)] = "It ends a run and does not change its result.",
        [nameof(Options.OnCancellation)] = "It applies to a run that is canceled.",
        [nameof(Options.LearningCurve)] = "It measures, and does not change the model.",
        [nameof(Options.Device)] = "It is about the machine; TrainingHistory.Device has the device used.",
        [nameof(Options.Distributed)] = "It is about the machine and its launcher.",
        [nameof(Options.ImageMemoryLimitBytes)] = "It is about the machine's memory.",
        [nameof(Options.WorkspacePath)] = "It is a folder of the machine.",
        [nameof(Options.CheckpointInterval)] = "It applies to the files of a workspace.",
        [nameof(Options.Logs)] = "It applies to the files of a workspace.",
        ["TestOnTrainSet"] = "It has no effect.",
        ["ReuseTrainSetBottleneckCachedValues"] = "It has no effect.",
        ["ReuseValidationSetBottleneckCachedValues"] = "It has no effect.",
        ["TrainSetBottleneckCachedValuesFileName"] = "It has no effect.",
        ["ValidationSetBottleneckCachedValuesFileName"] = "It has no effect.",
        ["FinalModelPrefix"] = "It has no effect.",
    };

    /// <summary>The fields of the others, by name.</summary>
    internal static IReadOnlyDictionary<string, FieldInfo> Fields { get; } = typeof(Options).GetFields(BindingFlags.Public | BindingFlags.Instance)
        .Where(field => !Excluded.ContainsKey(field.Name))
        .ToDictionary(field => field.Name, StringComparer.Ordinal);

    /// <summary>A copy in which the excluded options have their defaults.</summary>
    internal static Options Of(Options options)
    {
        var copy = new Options();
        foreach (var field in Fields.Values)
            field.SetValue(copy, field.GetValue(options));
        return copy;
    }
}

/// <summary>Options as a JSON object of those that are stored and differ from their defaults.</summary>
internal sealed class StoredOptionsConverter : JsonConverter<Options>
{
    private static readonly Options _defaults = new();

    /// <exception cref="JsonException">An option is unknown, or its value has another type.</exception>
    /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
    public override Options Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("Options is not a JSON object");
        var read = new Options();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (!StoredOptions.Fields.TryGetValue(name, out var field))
                throw new JsonException($"Options has {name}, which this version of Microsoft.ML.VisionTransformer does not know");
            field.SetValue(read, Value(ref reader, field, options));
        }

        OptionChecks.CheckRecipe(read);
        return read;
    }

    public override void Write(Utf8JsonWriter writer, Options value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, field) in StoredOptions.Fields.OrderBy(f => f.Value.MetadataToken))
        {
            object? given = field.GetValue(value);
            if (Equals(given, field.GetValue(_defaults)))
                continue;
            writer.WritePropertyName(options.PropertyNamingPolicy?.ConvertName(name) ?? name);
            JsonSerializer.Serialize(writer, given, field.FieldType, options);
        }

        writer.WriteEndObject();
    }

    private static object? Value(ref Utf8JsonReader reader, FieldInfo field, JsonSerializerOptions options)
    {
        try
        {
            return JsonSerializer.Deserialize(ref reader, field.FieldType, options);
        }
        catch (JsonException e)
        {
            throw new JsonException($"{nameof(Options)}.{field.Name} is invalid: {e.Message}", e);
        }
    }
}
