// The settings, from the command line (--Engines 4), the environment (Engines=4) or appsettings.json.
using System.Globalization;

namespace WebService;

/// <summary>The settings of the service. Together they bound its memory: see docs/serving.md.</summary>
internal sealed record ServiceSettings
{
    /// <summary>A model .zip, or a public checkpoint: its file, folder or hub id. Default null: a small model is trained at the start.</summary>
    public string? Model { get; init; }

    /// <summary>The model's image column. It gets the bytes of the upload, whatever type it had in training. Default "Image".</summary>
    public string ImageColumn { get; init; } = "Image";

    /// <summary>How many photos are scored at the same time. Default: one for each processor.</summary>
    public int Engines { get; init; } = Environment.ProcessorCount;

    /// <summary>Processor threads of one engine. Default null: the processors divided by the engines.</summary>
    public int? Threads { get; init; }

    /// <summary>How many photos may wait for an engine; further ones are answered with 503. Default 128.</summary>
    public int Waiting { get; init; } = 128;

    /// <summary>How many connections may be open; further ones are closed. Default 256.</summary>
    public int Connections { get; init; } = 256;

    /// <summary>The largest photo in bytes; larger ones are answered with 413. Default 10 MB.</summary>
    public long MaxUploadBytes { get; init; } = 10_000_000;

    /// <summary>How many bytes of uploads may be in memory at the same time, in progress or waiting; further ones are answered with 503. Default 200 MB.</summary>
    public long MaxUploadBytesInMemory { get; init; } = 200_000_000;

    /// <summary>How many pixels a photo may declare; larger ones are answered with 422 before they are decoded. Default 50 million.</summary>
    public long MaxPixels { get; init; } = 50_000_000;

    /// <summary>
    /// How many million pixels the photos in progress may have together; further photos wait. A photo with more than this is processed alone. Default 60.
    /// </summary>
    public int MegapixelsAtOnce { get; init; } = 60;

    internal int ThreadsOfAnEngine => Threads ?? Math.Max(1, Environment.ProcessorCount / Engines);

    /// <exception cref="InvalidOperationException">A setting has the wrong type.</exception>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    internal static ServiceSettings Of(IConfiguration configuration)
    {
        var settings = configuration.Get<ServiceSettings>() ?? new ServiceSettings();
        AtLeast(nameof(Engines), settings.Engines, 1);
        AtLeast(nameof(Threads), settings.ThreadsOfAnEngine, 1);
        AtLeast(nameof(Waiting), settings.Waiting, 0);
        AtLeast(nameof(Connections), settings.Connections, 1);
        AtLeast(nameof(MaxUploadBytes), settings.MaxUploadBytes, 1);
        AtLeast(nameof(MaxUploadBytesInMemory), settings.MaxUploadBytesInMemory, settings.MaxUploadBytes);
        AtLeast(nameof(MaxPixels), settings.MaxPixels, 1);
        AtLeast(nameof(MegapixelsAtOnce), settings.MegapixelsAtOnce, 1);
        return settings.MaxUploadBytes <= Array.MaxLength
            ? settings
            : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"MaxUploadBytes is {settings.MaxUploadBytes}; it must be at most {Array.MaxLength}."));
    }

    private static void AtLeast(string name, long value, long minimum)
    {
        if (value < minimum)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be at least {minimum}."));
    }
}
