// What can be set, from the command line (--Engines 4), the environment (Engines=4) or appsettings.json.
using System.Globalization;

namespace WebService;

/// <summary>The settings of the service. Together they bound its memory: see docs/serving.md.</summary>
internal sealed record ServiceSettings
{
    /// <summary>A model .zip, or a public checkpoint: its file, folder or hub id. Default null: a small model is trained at the start.</summary>
    public string? Model { get; init; }

    /// <summary>The model's image column, whatever type it was trained with: it is given the bytes of the upload. Default "Image".</summary>
    public string ImageColumn { get; init; } = "Image";

    /// <summary>Photos that are scored at the same time. Default one for each processor.</summary>
    public int Engines { get; init; } = Environment.ProcessorCount;

    /// <summary>Processor threads of one engine. Default null: the processors divided by the engines.</summary>
    public int? Threads { get; init; }

    /// <summary>Photos that wait for an engine; one more is answered 503. Default 128.</summary>
    public int Waiting { get; init; } = 128;

    /// <summary>Open connections; more are closed at once. Default 256.</summary>
    public int Connections { get; init; } = 256;

    /// <summary>Largest photo in bytes; a larger one is answered 413. Default 10 MiB.</summary>
    public long MaxUploadBytes { get; init; } = 10 << 20;

    /// <summary>Most pixels that a photo may declare; one that declares more is answered 422 before it is decoded. Default 50 million.</summary>
    public long MaxPixels { get; init; } = 50_000_000;

    internal int ThreadsOfAnEngine => Threads ?? Math.Max(1, Environment.ProcessorCount / Engines);

    /// <exception cref="InvalidOperationException">A setting is not of its type.</exception>
    /// <exception cref="ArgumentException">A setting has a value that makes no sense.</exception>
    internal static ServiceSettings Of(IConfiguration configuration)
    {
        var settings = configuration.Get<ServiceSettings>() ?? new ServiceSettings();
        AtLeast(nameof(Engines), settings.Engines, 1);
        AtLeast(nameof(Threads), settings.ThreadsOfAnEngine, 1);
        AtLeast(nameof(Waiting), settings.Waiting, 0);
        AtLeast(nameof(Connections), settings.Connections, 1);
        AtLeast(nameof(MaxUploadBytes), settings.MaxUploadBytes, 1);
        AtLeast(nameof(MaxPixels), settings.MaxPixels, 1);
        return settings.MaxUploadBytes <= Array.MaxLength
            ? settings
            : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"MaxUploadBytes is {settings.MaxUploadBytes}; it must be at most {Array.MaxLength}."));
    }

    private static void AtLeast(string name, long value, long least)
    {
        if (value < least)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be at least {least}."));
    }
}
