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
using Microsoft.Extensions.Options;
using Microsoft.ML.VisionTransformer.Hosting;
using WebService;

try
{
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.WebHost.ConfigureKestrel(kestrel =>
    {
        // The classifier has the limit. Kestrel's own closes the connection while the client still sends, and the client never sees the reason.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxConcurrentConnections = builder.Configuration.GetValue("Connections", 256);
        kestrel.AddServerHeader = false;
    });
    builder.Services.AddVisionTransformer(options =>
    {
        builder.Configuration.Bind(options);    // --Model, --Engines, --QueueLimit, --MaxImageBytes and the others
        options.Load = options.Model is null ? DemoModel.Train : null;
    });
    builder.Services.AddHealthChecks().AddVisionTransformer();
    builder.Services.AddProblemDetails();

    await using var app = builder.Build();
    app.UseExceptionHandler();
    app.UseStatusCodePages();
    app.Use(Page.AddSecurityHeaders);
    app.UseFileServer();
    app.MapHealthChecks("/health");
    app.MapPost("/classify", (HttpContext http, VisionTransformerClassifier classifier) => Photos.AnswerAsync(http, classifier, async photo =>
        Results.Json(new { Classes = await classifier.ClassifyAsync(photo, http.RequestAborted) })));
    app.MapPost("/explain", (HttpContext http, VisionTransformerClassifier classifier, int? index) => Photos.AnswerAsync(http, classifier, async photo =>
        Results.Bytes((await classifier.ExplainAsync(photo, Photos.Class(index, classifier), http.RequestAborted)).PhotoOverlayPng(), "image/png")));
    app.Services.GetRequiredService<VisionTransformerClassifier>();    // a wrong setting or model ends here, with one line
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException or InvalidOperationException or OptionsValidationException)
{
    Console.Error.WriteLine(e.Message.ReplaceLineEndings(" "));
    return 1;
}
