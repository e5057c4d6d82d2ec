// A local HTTP server that responds like Hugging Face, and fails on request.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

internal sealed class HubServer : IDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly List<HubServerFault> _faults = [];
    private readonly List<HubServerRequest> _requests = [];

    /// <param name="certificate">Serves https with it; null serves http.</param>
    internal HubServer(X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        ((IHost)_app).Start();
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    internal Uri Address { get; }

    /// <summary>The commit of every revision.</summary>
    internal string Commit { get; set; } = "0123456789abcdef0123456789abcdef01234567";

    /// <summary>Where large files are kept; null keeps them here, as a mirror does.</summary>
    internal HubServer? Store { get; set; }

    /// <summary>Answers 200 with the whole file where a part is asked for.</summary>
    internal bool IgnoresRanges { get; set; }

    /// <summary>What was asked, in order.</summary>
    internal IReadOnlyList<HubServerRequest> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    [SuppressMessage("Security", "CA5350", Justification = "Git names its blobs by SHA-1.")]
    internal static string GitName(byte[] bytes) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {bytes.Length}\0")), .. bytes]));

    internal static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Gives a model a file; files of weights are large ones.</summary>
    internal void Add(string repository, string file, byte[] bytes)
    {
        _files[$"{repository}/{file}"] = bytes;
        if (Store is not null && IsLarge(file))
            Store._files["store/" + Sha256(bytes)] = bytes;
    }

    internal void Remove(string repository, string file) => _files.Remove($"{repository}/{file}");

    /// <summary>Answers that many requests for addresses that end so in another way; -1 means all.</summary>
    internal void Fail(string method, string addressEnd, int times, Func<HttpContext, Task> answer) =>
        _faults.Add(new HubServerFault(method, addressEnd, answer) { Left = times });

    internal void Fail(string method, string addressEnd, int times, int status, params (string Name, string Value)[] headers) =>
        Fail(method, addressEnd, times, context => AnswerAsync(context, status, headers));

    /// <summary>GET requests for addresses that end so.</summary>
    internal HubServerRequest[] Gets(string addressEnd) =>
        [.. Requests.Where(r => r.Method == "GET" && r.Path.EndsWith(addressEnd, StringComparison.Ordinal))];

    public void Dispose() => ((IDisposable)_app).Dispose();

    internal static Task AnswerAsync(HttpContext context, int status, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers)
            context.Response.Headers[name] = value;
        return Task.CompletedTask;
    }

    /// <summary>Sends the file's headers and its first bytes, then does something else.</summary>
    internal Func<HttpContext, Task> Partly(int bytes, Func<HttpContext, Task> then) => async context =>
    {
        byte[] file = Find(context.Request.Path.Value!)!;
        context.Response.ContentLength = file.Length;
        await context.Response.Body.WriteAsync(file.AsMemory(0, bytes));
        await context.Response.Body.FlushAsync();
        await Task.Delay(50);    // so that the bytes arrive before what comes now
        await then(context);
    };

    private static bool IsLarge(string file) => file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".bin", StringComparison.Ordinal);

    private async Task AnswerAsync(HttpContext context)
    {
        string path = context.Request.Path.Value!;
        var asked = context.Request.Headers;
        var request = new HubServerRequest(context.Request.Method, path, asked.Authorization.ToString(), asked.Range.ToString(), asked.UserAgent.ToString());
        lock (_requests)
            _requests.Add(request);
        var fault = _faults.Find(f => f.Left != 0 && f.Method == context.Request.Method && path.EndsWith(f.AddressEnd, StringComparison.Ordinal));
        if (fault is not null)
        {
            fault.Left--;
            await fault.Answer(context);
            return;
        }

        if (Find(path) is { } bytes)
            await ServeAsync(context, path, bytes);
        else
            await NotFoundAsync(context, path);
    }

    /// <summary><c>/owner/name/resolve/revision/file</c>, or <c>/store/hash</c>.</summary>
    private byte[]? Find(string path)
    {
        string[] parts = path.Split("/resolve/");
        string key = parts.Length == 1 ? path[1..] : $"{parts[0][1..]}/{path.Split('/')[^1]}";
        return _files.GetValueOrDefault(key);
    }

    private Task NotFoundAsync(HttpContext context, string path)
    {
        bool known = _files.Keys.Any(k => path.StartsWith($"/{k[..k.LastIndexOf('/')]}/resolve/", StringComparison.Ordinal));
        return known
            ? AnswerAsync(context, 404, ("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", Commit))
            : AnswerAsync(context, 404, ("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "Repository not found"));
    }

    private async Task ServeAsync(HttpContext context, string path, byte[] bytes)
    {
        var response = context.Response;
        string file = path.Split('/')[^1];
        response.Headers["X-Repo-Commit"] = Commit;
        if (Store is not null && IsLarge(file))
        {
            response.StatusCode = 302;
            response.Headers.Location = $"{Store.Address}store/{Sha256(bytes)}?Signature=opens-the-file";
            response.Headers["X-Linked-Etag"] = $"\"{Sha256(bytes)}\"";
            response.Headers["X-Linked-Size"] = bytes.Length.ToString(CultureInfo.InvariantCulture);
            response.ContentLength = 0;
            return;
        }

        response.Headers.ETag = $"\"{(IsLarge(file) ? Sha256(bytes) : GitName(bytes))}\"";
        int from = IgnoresRanges || context.Request.GetTypedHeaders().Range is not { } range ? 0 : (int)range.Ranges.Single().From!.Value;
        if (from >= bytes.Length)
        {
            response.StatusCode = 416;
            return;
        }

        if (from > 0)
        {
            response.StatusCode = 206;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{bytes.Length - 1}/{bytes.Length}");
        }

        response.ContentLength = bytes.Length - from;
        if (context.Request.Method == "GET")
            await response.Body.WriteAsync(bytes.AsMemory(from));
    }
}
