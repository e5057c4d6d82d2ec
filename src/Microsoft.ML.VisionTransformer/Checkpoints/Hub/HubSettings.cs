// Where models come from, where they are kept, and how patient the client is.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>Everything the hub client takes from outside; <see cref="FromEnvironment()"/> is what users get.</summary>
internal sealed record HubSettings
{
    private readonly Uri _endpoint = new("https://huggingface.co/");

    /// <summary>The hub's address; it ends in '/'. Default https://huggingface.co/.</summary>
    internal Uri Endpoint
    {
        get => _endpoint;
        init => _endpoint = new Uri(value.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/");
    }

    /// <summary>The folder that has a folder for each model, shared with huggingface_hub.</summary>
    internal required string CacheFolder { get; init; }

    /// <summary>What proves to the endpoint who asks; null asks without a name. Sent to the endpoint's host alone.</summary>
    internal string? Token { get; init; }

    /// <summary>Nothing is asked of the network. Default false.</summary>
    internal bool Offline { get; init; }

    /// <summary>Longest wait for an answer about a file. Default 10 s.</summary>
    internal TimeSpan MetadataTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait for the next bytes of a file. Default 10 s.</summary>
    internal TimeSpan DownloadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests in a row without progress before giving up. Default 5.</summary>
    internal int Attempts { get; init; } = 5;

    /// <summary>Wait after the first failure; each further one doubles it. Default 1 s.</summary>
    internal TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait between two attempts, unless the server asks for more. Default 8 s.</summary>
    internal TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Longest wait that a server may ask for. Default 5 minutes.</summary>
    internal TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a lock held by another process is tried. Default 0.25 s.</summary>
    internal TimeSpan LockInterval { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>Least time between two lines of progress. Default 1 s.</summary>
    internal TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Tells the time for progress and for servers that name the hour to come back.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Waits between two attempts.</summary>
    internal Func<TimeSpan, CancellationToken, Task> Delay { get; init; } = Task.Delay;

    /// <summary>Spreads the waits of many clients, in [0, 1).</summary>
    internal Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>Makes the links of a snapshot: path of the link, what it points to; throws <see cref="IOException"/> where links are not possible.</summary>
    internal Action<string, string> CreateLink { get; init; } = (link, target) => File.CreateSymbolicLink(link, target);

    /// <summary>How the client names itself.</summary>
    internal static string UserAgent { get; } = "Microsoft.ML.VisionTransformer/" + typeof(HubSettings).Assembly.GetName().Version?.ToString(3);

    /// <summary>The settings that huggingface_hub would find in this process's environment.</summary>
    internal static HubSettings FromEnvironment() => HubEnvironment.Read(Environment.GetEnvironmentVariable);

    /// <summary>Without the token: a record prints all of its members otherwise.</summary>
    public override string ToString() => $"{Endpoint} cached in {CacheFolder}";
}

/// <summary>The environment variables of huggingface_hub, with its defaults.</summary>
/// <remarks>
/// Names, order and defaults are those of huggingface_hub's <c>constants.py</c>. An empty variable counts as unset, as it does there for most. Of the home
/// folder only a leading <c>~</c> is replaced; variables inside a value are not.
/// </remarks>
internal static class HubEnvironment
{
    private static readonly string[] _true = ["1", "ON", "YES", "TRUE"];

    /// <param name="variable">The value of a variable; null where it is not set.</param>
    /// <exception cref="ArgumentException">A variable has a value that cannot be used.</exception>
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
                    $"HF_ENDPOINT is '{MessageText.Of(text)}', an address such as https://huggingface.co is expected; correct or unset it.", "HF_ENDPOINT");
        }

        TimeSpan Seconds(string name)
        {
            if (Value(name) is not { } text)
                return TimeSpan.FromSeconds(10);
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds is > 0 and <= 86_400
                ? TimeSpan.FromSeconds(seconds)
                : throw new ArgumentException($"{name} is '{MessageText.Of(text)}', whole seconds from 1 to 86400 are expected; correct or unset it.", name);
        }

        string? Token(string hubHome)
        {
            string? token = Value("HF_TOKEN") ?? Value("HUGGING_FACE_HUB_TOKEN");
            string file = Path("HF_TOKEN_PATH") ?? System.IO.Path.Combine(hubHome, "token");
            string source = token is null ? file : "HF_TOKEN";
            if (token is null && File.Exists(file))
                token = File.ReadAllText(file).Trim();
            if (token?.Any(c => c is <= ' ' or > '~') == true)    // the value stays out of the message
                throw new ArgumentException($"The token in {source} has blanks or characters outside ASCII; put the token there alone.", nameof(token));
            return string.IsNullOrEmpty(token) ? null : token;
        }
    }
}
