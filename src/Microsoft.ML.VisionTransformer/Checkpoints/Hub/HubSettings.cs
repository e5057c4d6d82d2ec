// Where models come from, where they are kept, and how patient the client is.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
