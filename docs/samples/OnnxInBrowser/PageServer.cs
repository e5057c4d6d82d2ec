// Serves the page, onnxruntime-web and the ONNX file to browsers on this machine.
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OnnxInBrowser;

internal sealed class PageServer : IAsyncDisposable
{
    /// <summary>
    /// The first two let WebAssembly use several threads. The third prevents the page from loading from other hosts, or sending to them.
    /// </summary>
    private static readonly (string Name, string Value)[] _headers =
    [
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("Content-Security-Policy",
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' blob:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-cache"),
    ];

    private static readonly FileExtensionContentTypeProvider _contentTypes = new();

    private readonly WebApplication _app;
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly byte[] _about;

    private PageServer(Arguments arguments, string runtime)
    {
        string page = Path.Combine(AppContext.BaseDirectory, "wwwroot"), data = arguments.Model + ".data";
        foreach (string file in Directory.EnumerateFiles(page))
            _files["/" + Path.GetFileName(file)] = file;
        foreach (string file in OnnxRuntimeWeb.Files)
            _files["/onnxruntime-web/" + file] = Path.Combine(runtime, file);
        _files["/"] = Path.Combine(page, "index.html");
        _files["/model"] = arguments.Model;
        if (File.Exists(data))
            _files["/model.data"] = data;
        _about = JsonSerializer.SerializeToUtf8Bytes(
            new { name = Path.GetFileName(arguments.Model), data = File.Exists(data) ? Path.GetFileName(data) : null });

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, arguments.Port));
        builder.Services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    internal string Address => _app.Urls.Single() + "/";

    /// <exception cref="IOException">The port is in use.</exception>
    internal static async Task<PageServer> StartAsync(Arguments arguments, string runtime)
    {
        var server = new PageServer(arguments, runtime);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Runs until Ctrl-C or a request to terminate.</summary>
    internal Task EndAsync() => _app.WaitForShutdownAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Serves only the listed addresses; no path of a request reaches the disk.</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        string path = context.Request.Path.Value!;
        foreach (var (name, value) in _headers)
            context.Response.Headers[name] = value;
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        }
        else if (path == "/about-model.json")
        {
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(_about);
        }
        else if (_files.TryGetValue(path, out string? file))
        {
            context.Response.ContentType = _contentTypes.TryGetContentType(file, out string? type) ? type : "application/octet-stream";
            context.Response.ContentLength = new FileInfo(file).Length;
            await context.Response.SendFileAsync(file);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }
}
