// Settings of the hub client: endpoint, cache folder, token, timeouts and retries, with their environment variables.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>All external settings of the hub client. <see cref="FromEnvironment()"/> creates the settings that users get.</summary>
internal sealed record HubSettings
{
    private readonly Uri _endpoint = new("https://huggingface.co/");

    /// <summary>The hub's address, ending in '/'. Default https://huggingface.co/.</summary>
    internal Uri Endpoint
    {
        get => _endpoint;
        init => _endpoint = new Uri(value.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");
    }

    /// <summary>The cache folder, with one subfolder per model; shared with huggingface_hub.</summary>
    internal required string CacheFolder { get; init; }

    /// <summary>The access token; null sends anonymous requests. Sent to the endpoint's host only.</summary>
    internal string? Token { get; init; }

    /// <summary>Whether network access is disabled. Default false.</summary>
    internal bool Offline { get; init; }

    /// <summary>Timeout for a file's metadata. Default 10 s.</summary>
    internal TimeSpan MetadataTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Timeout for the next bytes of a file. Default 10 s.</summary>
    internal TimeSpan DownloadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Consecutive requests without progress before giving up. Default 5.</summary>
    internal int Attempts { get; init; } = 5;

    /// <summary>Delay after the first failure; each further failure doubles it. Default 1 s.</summary>
    internal TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest delay between attempts, unless the server requests a longer one. Default 8 s.</summary>
    internal TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Longest delay that a server may request. Default 5 minutes.</summary>
    internal TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Interval between attempts to take a lock held by another process. Default 0.25 s.</summary>
    internal TimeSpan LockInterval { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>Shortest time between two progress messages. Default 1 s.</summary>
    internal TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock for progress messages and for Retry-After headers with a date.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Waits between attempts.</summary>
    internal Func<TimeSpan, CancellationToken, Task> Delay { get; init; } = Task.Delay;

    /// <summary>Returns a random value in [0, 1) that spreads the delays of many clients.</summary>
    internal Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>Creates a link in a snapshot from its path and target; throws <see cref="IOException"/> if links are not supported.</summary>
    internal Action<string, string> CreateLink { get; init; } = (link, target) => File.CreateSymbolicLink(link, target);

    /// <summary>The client's User-Agent header.</summary>
    internal static string UserAgent { get; } = "Microsoft.ML.VisionTransformer/" + typeof(HubSettings).Assembly.GetName().Version?.ToString(3);

    /// <summary>The settings that huggingface_hub would read from this process's environment.</summary>
    internal static HubSettings FromEnvironment() => HubEnvironment.Read(Environment.GetEnvironmentVariable);

    /// <summary>Omits the token; a record's default text includes all members.</summary>
    public override string ToString() => $"{Endpoint} cached in {CacheFolder}";
}

/// <summary>Reads the environment variables of huggingface_hub, with its defaults.</summary>
/// <remarks>
/// Names, order and defaults are those of huggingface_hub's <c>constants.py</c>. An empty variable counts as unset, as most do there. A leading <c>~</c>
/// is replaced with the home folder; variables inside a value are not expanded.
/// </remarks>
internal static class HubEnvironment
{
    private static readonly string[] _true = ["1", "ON", "YES", "TRUE"];

    /// <param name="variable">Returns the value of a variable; null if it is not set.</param>
    /// <exception cref="ArgumentException">A variable has an invalid value.</exception>
    internal static HubSettings Read(Func<string, string?> variable)
    {
        string home = Path("HF_HOME") ?? System.IO.Path.Combine(Path("XDG_CACHE_HOME") ?? System.IO.Path.Combine(UserFolder(), ".cache"), "huggingface");
        return new HubSettings
        {
            Endpoint = Endpoint(),
            CacheFolder = Path("HF_HUB_CACHE") ?? Path("HUGGINGFACE_HUB_CACHE") ?? System.IO.Path.Combine(home, "hub"),
            Token = IsTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? null : Token(home),
            Offline = IsTrue("HF_HUB_OFFLINE") || (Value("HF_HUB_OFFLINE") is null && IsTrue("TRANSFORMERS_OFFLINE")),
            MetadataTimeout = Seconds("HF_HUB_ETAG_TIMEOUT"),
            DownloadTimeout = Seconds("HF_HUB_DOWNLOAD_TIMEOUT"),
        };

        string? Value(string name) => variable(name) is { } value && value.Trim().Length > 0 ? value.Trim() : null;

        bool IsTrue(string name) => Value(name) is { } value && _true.Contains(value.ToUpperInvariant());

        string UserFolder() => Value("HOME") ?? Value("USERPROFILE") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

        string? Path(string name) => Value(name) is not { } path ? null
            : path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? UserFolder() + path[1..] : path;

        Uri Endpoint()
        {
            string text = Value("HF_ENDPOINT") ?? "https://huggingface.co";
            return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                ? uri
                : throw new ArgumentException(
                    $"HF_ENDPOINT is '{MessageText.Of(text)}', but an address such as https://huggingface.co is expected; correct or unset it.", "HF_ENDPOINT");
        }

        TimeSpan Seconds(string name)
        {
            if (Value(name) is not { } text)
                return TimeSpan.FromSeconds(10);
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds is > 0 and <= 86_400
                ? TimeSpan.FromSeconds(seconds)
                : throw new ArgumentException($"{name} is '{MessageText.Of(text)}', but whole seconds from 1 to 86400 are expected; correct or unset it.", name);
        }

        string? Token(string hubHome)
        {
            string? token = Value("HF_TOKEN") ?? Value("HUGGING_FACE_HUB_TOKEN");
            string file = Path("HF_TOKEN_PATH") ?? System.IO.Path.Combine(hubHome, "token");
            string source = token is null ? file : "HF_TOKEN";
            if (token is null && File.Exists(file))
                token = File.ReadAllText(file).Trim();
            if (token?.Any(c => c is <= ' ' or > '~') == true)    // the message must not contain the token
                throw new ArgumentException($"The token in {source} has spaces or non-ASCII characters; store only the token there.", nameof(token));
            return string.IsNullOrEmpty(token) ? null : token;
        }
    }
}
