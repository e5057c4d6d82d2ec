// A web service around one model: POST a photo to /classify and get classes and probabilities. How it works: docs/serving.md.
//
//   WebService --Model flowers.zip --Urls http://127.0.0.1:5000
//
//   curl --data-binary @rose.jpg -H "Content-Type: image/jpeg" http://127.0.0.1:5000/classify
//   {"classes":[{"name":"roses","probability":0.9312},{"name":"tulips","probability":0.0411}, ...
//
// Without --Model it first trains a small network to tell the colours of pictures that it paints itself.
using TorchSharp;
using WebService;

try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    var settings = ServiceSettings.Of(builder.Configuration);
    builder.WebHost.ConfigureKestrel(kestrel =>
    {
        // The endpoint has the limit. What is a little larger is read to its end, and kept nowhere: a sender that is cut off never sees the reason.
        kestrel.Limits.MaxRequestBodySize = 2 * settings.MaxUploadBytes + Uploads.FormOverheadBytes;
        kestrel.Limits.MaxConcurrentConnections = settings.Connections;
        kestrel.AddServerHeader = false;
    });

    // The processors are shared by the engines: several passes of one thread each get more done than as many that wait for each other's threads.
    torch.set_num_threads(settings.ThreadsOfAnEngine);

    // One model for the whole process; what scores with it is a pool.
    using var model = ServedModel.Open(settings);
    builder.Services.AddSingleton(settings);
    builder.Services.AddSingleton(model);
    builder.Services.AddSingleton<Classifier>();
    builder.Services.AddHealthChecks().AddCheck<ClassifierHealth>("classifier");
    builder.Services.AddProblemDetails();

    await using var app = builder.Build();
    app.UseExceptionHandler();
    app.UseStatusCodePages();
    app.Use(PageSecurity.AddHeaders);
    app.UseFileServer();
    app.MapPost("/classify", Classification.AnswerAsync);
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
