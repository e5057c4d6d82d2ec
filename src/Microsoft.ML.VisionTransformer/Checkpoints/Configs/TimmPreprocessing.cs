// Converts timm's pretrained_cfg to and from image preprocessing, and timm's names to and from enum values.
using System.Text.Json.Nodes;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>Converts mean, standard deviation, crop and interpolation between timm's pretrained_cfg and <see cref="ImagePreprocessing"/>.</summary>
internal static class TimmPreprocessing
{
    private static readonly string[] _keys = ["mean", "std", "crop_pct", "crop_mode", "interpolation"];

    /// <summary>Reads the settings; missing ones have the preset's values.</summary>
    /// <param name="settings">Members of <c>pretrained_cfg</c>.</param>
    /// <param name="known">The preset's preprocessing at the network's image size.</param>
    /// <param name="channels">Channels of the network.</param>
    /// <param name="name">The preset's name, for notes.</param>
    /// <param name="path">The file, for notes.</param>
    /// <param name="notes">Receives a sentence for each assumption.</param>
    internal static ImagePreprocessing Read(
        IReadOnlyDictionary<string, TimmValue> settings, ImagePreprocessing known, int channels, string name, string path, ICollection<string> notes)
    {
        var given = settings.Where(setting => !setting.Value.IsNull).ToDictionary(setting => setting.Key, setting => setting.Value, StringComparer.Ordinal);
        string[] missing = [.. _keys.Where(key => !given.ContainsKey(key))];
        if (missing.Length > 0)
            notes.Add($"{path} has no {string.Join(", ", missing)}; the values of timm's {name} are used.");
        var result = known;
        if (given.TryGetValue("mean", out var mean))
            result = result with { Mean = Channels(mean, channels, _ => true, "finite numbers", notes) };
        if (given.TryGetValue("std", out var deviation))
            result = result with { StandardDeviation = Channels(deviation, channels, value => value > 0, "numbers above 0", notes) };
        if (given.TryGetValue("crop_pct", out var crop))
            result = result with { CropFraction = crop.Positive(1) };
        if (given.TryGetValue("crop_mode", out var mode))
            result = result with { Resizing = mode.OneOf(TimmNames.CropMode) };
        if (given.TryGetValue("interpolation", out var kernel))
            result = result with { Interpolation = kernel.OneOf(TimmNames.Interpolation) };
        return result;
    }

    /// <summary>Adds the settings to a <c>pretrained_cfg</c>.</summary>
    internal static void Write(ImagePreprocessing preprocessing, JsonObject settings)
    {
        settings["interpolation"] = TimmNames.Of(TimmNames.Interpolation, preprocessing.Interpolation);
        settings["crop_pct"] = preprocessing.CropFraction;
        settings["crop_mode"] = TimmNames.Of(TimmNames.CropMode, preprocessing.Resizing);
        settings["mean"] = new JsonArray([.. preprocessing.Mean.Select(value => JsonValue.Create(value))]);
        settings["std"] = new JsonArray([.. preprocessing.StandardDeviation.Select(value => JsonValue.Create(value))]);
    }

    private static ChannelValues Channels(TimmValue value, int channels, Func<float, bool> allowed, string what, ICollection<string> notes)
    {
        var items = value.Items();
        if (items.Length is not (1 or 3) && items.Length != channels)
            throw value.Expected($"one number for each of {channels} channels");
        float[] values = Array.ConvertAll(items, item => Allowed((float)item.Number()) ?? throw item.Expected(what));
        if (values.Length != channels)
            notes.Add($"{value.Where} has {values.Length} values for {channels} channels; their average is used for the other channels.");
        return new ChannelValues(values).ForChannels(channels);

        float? Allowed(float number) => float.IsFinite(number) && allowed(number) ? number : null;
    }
}

/// <summary>timm's names for architecture and preprocessing options. Each table is used for reading and writing.</summary>
internal static class TimmNames
{
    internal static readonly IReadOnlyDictionary<string, TokenPooling> Pooling = new Dictionary<string, TokenPooling>(StringComparer.Ordinal)
    {
        ["token"] = TokenPooling.ClassToken,
        ["avg"] = TokenPooling.Average,
        ["max"] = TokenPooling.Max,
        ["avgmax"] = TokenPooling.AverageAndMax,
        ["map"] = TokenPooling.Attention,
        [""] = TokenPooling.None,
    };

    internal static readonly IReadOnlyDictionary<string, MlpActivation> Activation = new Dictionary<string, MlpActivation>(StringComparer.Ordinal)
    {
        ["gelu"] = MlpActivation.Gelu,
        ["gelu_tanh"] = MlpActivation.GeluTanh,
        ["quick_gelu"] = MlpActivation.QuickGelu,
    };

    internal static readonly IReadOnlyDictionary<string, PositionEmbedding> Positions = new Dictionary<string, PositionEmbedding>(StringComparer.Ordinal)
    {
        ["learn"] = PositionEmbedding.Learned,
        ["none"] = PositionEmbedding.None,
        [""] = PositionEmbedding.None,
    };

    /// <summary>timm's <c>rope_type</c>.</summary>
    internal static readonly IReadOnlyDictionary<string, RotaryLayout> Rotary = new Dictionary<string, RotaryLayout>(StringComparer.Ordinal)
    {
        ["cat"] = RotaryLayout.Eva02,
        ["dinov3"] = RotaryLayout.Dinov3,
    };

    internal static readonly IReadOnlyDictionary<string, ImageResizing> CropMode = new Dictionary<string, ImageResizing>(StringComparer.Ordinal)
    {
        ["center"] = ImageResizing.CenterCrop,
        ["squash"] = ImageResizing.Squash,
        ["border"] = ImageResizing.Pad,
    };

    internal static readonly IReadOnlyDictionary<string, ImageInterpolation> Interpolation = new Dictionary<string, ImageInterpolation>(StringComparer.Ordinal)
    {
        ["bilinear"] = ImageInterpolation.Bilinear,
        ["bicubic"] = ImageInterpolation.Bicubic,
        ["lanczos"] = ImageInterpolation.Lanczos,
    };

    /// <summary>timm's first name for a value; null if it has none.</summary>
    internal static string? Of<T>(IReadOnlyDictionary<string, T> meanings, T meaning) =>
        meanings.Where(pair => EqualityComparer<T>.Default.Equals(pair.Value, meaning)).Select(pair => pair.Key).FirstOrDefault();
}
