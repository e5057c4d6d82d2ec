// A web service around one model: POST a photo to /classify and get classes and probabilities, or to /explain and get an overlay. See docs/serving.md.
//
//   WebService --Model flowers.zip --Urls http://127.0.0.1:5000
//
//   curl --data-binary @rose.jpg -H "Content-Type: image/jpeg" http://127.0.0.1:5000/classify
//   {"classes":[{"name":"roses","probability":0.9312,"index":2},{"name":"tulips","probability":0.0411,"index":4}, ...
//
//   curl --data-binary @rose.jpg -H "Content-Type: image/jpeg" http://127.0.0.1:5000/explain > overlay.png
//
// Without --Model it first trains a small network that recognizes colors, on images that it generates.
using TorchSharp;
using WebService;

try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    var settings = ServiceSettings.Of(builder.Configuration);
    builder.WebHost.ConfigureKestrel(kestrel =>
    {
        // Uploads has the limit. Kestrel's own closes the connection while the client still sends, and the client never sees the reason.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxConcurrentConnections = settings.Connections;
        kestrel.AddServerHeader = false;
    });

    // The engines share the processors. Several passes with one thread each are faster than passes that wait for each other's threads.
    torch.set_num_threads(settings.ThreadsOfAnEngine);

    // One model for the whole process. The engines that score with it are a pool.
    using var model = ServedModel.Open(settings);
    builder.Services.AddSingleton(settings);
    builder.Services.AddSingleton(model);
    builder.Services.AddSingleton<Turns>();
    builder.Services.AddSingleton<Uploads>();
    builder.Services.AddSingleton<Classifier>();
    builder.Services.AddHealthChecks().AddCheck<ClassifierHealth>("classifier");
    builder.Services.AddProblemDetails();

    await using var app = builder.Build();
    app.UseExceptionHandler();
    app.UseStatusCodePages();
    app.Use(PageSecurity.AddHeaders);
    app.UseFileServer();
    app.MapPost("/classify", Endpoints.ClassifyAsync);
    app.MapPost("/explain", Endpoints.ExplainAsync);
    app.MapHealthChecks("/health");
    app.Services.GetRequiredService<Classifier>().WarmUp();
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException or InvalidOperationException)
{
    Console.Error.WriteLine(e.Message.ReplaceLineEndings(" "));
    return 1;
}
