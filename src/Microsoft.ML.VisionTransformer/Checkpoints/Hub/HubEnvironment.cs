// The environment variables of huggingface_hub, with its defaults.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
