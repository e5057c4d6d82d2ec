// Saves a model, serves it to many callers and over HTTP, and exports it to ONNX; the notebook 04-save-serve-and-export.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:package Microsoft.ML.OnnxRuntime@1.31.1
#:property PublishAot=false

// %% [markdown]
// # Save, serve and export
//
// You have a trained model and want an application to use it. This notebook saves a model, scores
// photos for many callers at the same time, and answers one request over HTTP. At the end it
// exports the model to ONNX, for programs without ML.NET.
//
// > **About the saved outputs.** The machine that ran this notebook had no network. Its outputs come
// > from a ViT-Ti that was trained on the 200 classes of Tiny ImageNet. The model that the code names
// > was trained on ImageNet-21k. It gives other values, usually better ones.
//
// Photos: CC BY 2.0, [credits](photos/README.md).

// %% [packages]

// %%
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Microsoft.ML.VisionTransformer;
using SkiaSharp;

// %% [program]
// A notebook has HTML and display; a program writes what they show to a page for the browser. Errors are printed without a stack trace.
AppDomain.CurrentDomain.UnhandledException += (_, e) =>
{
    Console.Error.WriteLine(((Exception)e.ExceptionObject).Message);
    Environment.Exit(1);
};

static string HTML(string html) => html;

static void display(string html)
{
    string page = Path.Combine(Path.GetTempPath(), $"notebook-{Environment.ProcessId}.html");
    File.AppendAllText(page, html + "\n<hr>\n");
    Console.WriteLine($"[{html.Length} characters of HTML: open {page}]");
}

// %% folded
// Finding the photos, and drawing them as a sheet with captions.
#pragma warning disable CS8321 // not every notebook uses all of these functions
static string FindPhotos(string name)
{
    string beside = Path.Combine("photos", name);
    string[] places = [.. Environment.GetCommandLineArgs().Skip(1).Take(1), beside, Path.Combine("docs", "notebooks", beside)];
    return places.FirstOrDefault(Directory.Exists) ?? throw new DirectoryNotFoundException(
        $"There is no folder {beside} here. Pass your own photos as the first argument: a folder with one subfolder of .jpg files per class. "
        + "The photos of this notebook are in docs/notebooks/photos of the repository.");
}

static List<string> PhotosIn(string folder) =>
    Directory.GetFiles(folder, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();

static string ClassOf(string path) => Path.GetFileName(Path.GetDirectoryName(path)!);

static IEnumerable<string> OfEachClass(IEnumerable<string> photos, int count) =>
    photos.GroupBy(ClassOf).OrderBy(c => c.Key, StringComparer.Ordinal).SelectMany(c => c.Take(count));

static (byte[] Image, string Caption, bool? Right) Tile(string photo) => (File.ReadAllBytes(photo), ClassOf(photo), null);

static (byte[] Image, string Caption, bool? Right) Answer(string photo, string predicted, float probability) =>
    (File.ReadAllBytes(photo), predicted == ClassOf(photo) ? $"{predicted} {probability * 100:0}%" : $"{predicted} ({ClassOf(photo)})", predicted == ClassOf(photo));

static string Sheet(string alt, int columns, IEnumerable<(byte[] Image, string Caption, bool? Right)> tiles, int size = 150)
{
    var all = tiles.ToList();
    int width = size + 12, height = size + 34;
    using var sheet = new SKBitmap(columns * width + 12, (all.Count + columns - 1) / columns * height + 12);
    using var canvas = new SKCanvas(sheet);
    using var paint = new SKPaint { FilterQuality = SKFilterQuality.High, IsAntialias = true };
    using var text = new SKPaint
    {
        TextSize = 15, IsAntialias = true, TextAlign = SKTextAlign.Center, Typeface = SKTypeface.FromFamilyName("DejaVu Sans"),
    };
    canvas.Clear(SKColors.White);
    for (int i = 0; i < all.Count; i++)
    {
        using var photo = SKBitmap.Decode(all[i].Image);
        float side = Math.Min(photo.Width, photo.Height);
        var place = SKRect.Create(12 + i % columns * width, 12 + i / columns * height, size, size);
        canvas.DrawBitmap(photo, SKRect.Create((photo.Width - side) / 2, (photo.Height - side) / 2, side, side), place, paint);
        paint.Color = text.Color = all[i].Right switch { true => SKColor.Parse("#1f6fb2"), false => SKColor.Parse("#b3261e"), _ => SKColor.Parse("#333333") };
        if (all[i].Right is not null)
            canvas.DrawRect(place.Left, place.Bottom, size, 5, paint);
        text.TextSize = 15;
        text.TextSize *= Math.Min(1, (size + 6) / Math.Max(1, text.MeasureText(all[i].Caption)));
        canvas.DrawText(all[i].Caption, place.MidX, place.Bottom + 21, text);
    }

    using var data = sheet.Encode(SKEncodedImageFormat.Jpeg, 85);
    return $"<img alt='{alt}' src='data:image/jpeg;base64,{Convert.ToBase64String(data.ToArray())}'>";
}

// %% [markdown]
// ## Train a model
//
// The column `Image` holds the content of an image file, because that is what a service receives.
// `LoadRawImageBytes` is a step of ML.NET.

// %%
string photos = FindPhotos("flowers");
var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.3, seed: 3);
var trained = mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.Transforms.LoadRawImageBytes("Image", imageFolder: null, "ImagePath"))
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        FeatureColumnName = "Image",
        PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
        Strategy = TrainingStrategy.LinearProbe,
        ValidationSetFraction = 0,
    }))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
    .Fit(split.TrainSet);

// %% [markdown]
// ## Save and load
//
// The `.zip` file holds the whole pipeline. Loading it is plain ML.NET: the application
// references the library, and no line of code names it.

// %%
string work = Directory.CreateTempSubdirectory("vit-notebook-").FullName;
string zip = Path.Combine(work, "flowers.zip");
mlContext.Model.Save(trained, split.TrainSet.Schema, zip);
trained.Dispose();

var steps = (IEnumerable<ITransformer>)new MLContext().Model.Load(zip, out _);
foreach (var step in steps)
    Console.WriteLine(step.GetType().Name);

// %% [markdown]
// ## Serve: one model, a pool of engines
//
// The steps before the classifier are for training. A service takes the classifier alone and
// gives it bytes. All threads can use the classifier at once. A `PredictionEngine` has buffers of
// its own and serves one caller at a time, so a pool keeps engines for the next callers.
//
// Set `OwnsTransformer = false`. Otherwise disposing one engine also disposes the model that all
// other engines use.

// %%
var classifier = steps.OfType<VisionTransformerPredictionTransformer>().Single();
var engines = new ConcurrentBag<PredictionEngine<Photo, Scores>>();
var shared = new PredictionEngineOptions { OwnsTransformer = false };

float[] Score(byte[] image)
{
    if (!engines.TryTake(out var engine))
        engine = mlContext.Model.CreatePredictionEngine<Photo, Scores>(classifier, shared);
    try
    {
        return engine.Predict(new Photo { Image = image }).Score;
    }
    finally
    {
        engines.Add(engine);    // also after an error: the engine keeps nothing of the photo
    }
}

string NameOf(float[] score) => classifier.ClassNames[Array.IndexOf(score, score.Max())];

// %% [markdown]
// Score the test photos one after the other, and then all at once. The answers are the same.

// %%
var paths = split.TestSet.GetColumn<string>("ImagePath").ToList();
var uploads = paths.Select(File.ReadAllBytes).ToList();
var oneByOne = uploads.Select(Score).ToList();
var atOnce = await Task.WhenAll(uploads.Select(image => Task.Run(() => Score(image))));
bool same = oneByOne.Select(NameOf).SequenceEqual(atOnce.Select(NameOf));
Console.WriteLine($"the same answers: {same}");

// %% varies
var answers = paths.Zip(atOnce).ToDictionary(a => a.First, a => a.Second);
display(HTML(Sheet("What the service answered for ten photos", columns: 5,
    OfEachClass(paths, 2).Select(path => Answer(path, NameOf(answers[path]), answers[path].Max())))));
Console.WriteLine($"{engines.Count} engines answered {uploads.Count} callers");

// %% [markdown]
// A service also limits how many callers it scores at once. Otherwise a rush of callers makes all
// of them slow. [Serving](../serving.md) describes such a service, and the sample `WebService` is
// one.
//
// ## Answer a request over HTTP
//
// .NET's `HttpListener` is enough to try it: the client sends a photo, and the server answers
// with the probabilities as JSON. Use ASP.NET Core for a real service.

// %% folded
// Finding a free port.
static int FreePort()
{
    var probe = new TcpListener(IPAddress.Loopback, 0);
    probe.Start();
    int port = ((IPEndPoint)probe.LocalEndpoint).Port;
    probe.Stop();
    return port;
}

// %% varies
var server = new HttpListener();
string address = $"http://localhost:{FreePort()}/";
server.Prefixes.Add(address);
server.Start();

var serving = Task.Run(async () =>
{
    var request = await server.GetContextAsync();
    var upload = new MemoryStream();
    await request.Request.InputStream.CopyToAsync(upload);
    var scores = classifier.ClassNames.Zip(Score(upload.ToArray())).OrderByDescending(s => s.Second);
    var answer = scores.ToDictionary(s => s.First, s => Math.Round(s.Second, 4));
    byte[] json = JsonSerializer.SerializeToUtf8Bytes(answer, new JsonSerializerOptions { WriteIndented = true });
    request.Response.ContentType = "application/json";
    await request.Response.OutputStream.WriteAsync(json);
    request.Response.Close();
});

var client = new HttpClient();
var response = await client.PostAsync(address, new ByteArrayContent(uploads[0]));
Console.WriteLine($"{(int)response.StatusCode} {response.Content.Headers.ContentType}");
Console.WriteLine(await response.Content.ReadAsStringAsync());

// %%
await serving;
server.Stop();
client.Dispose();

// %% [markdown]
// ## Export to ONNX
//
// `OnnxInput.RawRgb` puts resizing, cropping and normalization into the file. The program that
// runs the file passes the pixels of a photo of any size and gets probabilities. The class names
// are in the file's metadata.

// %%
string onnx = Path.Combine(work, "flowers.onnx");
classifier.SaveAsOnnx(onnx, new OnnxExportOptions { Input = OnnxInput.RawRgb });
var session = new InferenceSession(onnx);
Console.WriteLine($"inputs: {string.Join(", ", session.InputMetadata.Keys)}");
Console.WriteLine($"classes: {session.ModelMetadata.CustomMetadataMap["class_names"]}");

// %%
float[] ScoreWithOnnx(byte[] image)
{
    using var photo = SKBitmap.Decode(image);
    var pixels = new DenseTensor<byte>([1, photo.Height, photo.Width, 3]);
    for (int y = 0; y < photo.Height; y++)
    {
        for (int x = 0; x < photo.Width; x++)
        {
            var pixel = photo.GetPixel(x, y);
            (pixels[0, y, x, 0], pixels[0, y, x, 1], pixels[0, y, x, 2]) = (pixel.Red, pixel.Green, pixel.Blue);
        }
    }

    using var results = session.Run([NamedOnnxValue.CreateFromTensor("image", pixels)]);
    return results.First().AsEnumerable<float>().ToArray();
}

// %% varies
var exported = uploads.Select(ScoreWithOnnx).ToList();
double largest = oneByOne.Zip(exported, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();
int agree = oneByOne.Zip(exported).Count(pair => NameOf(pair.First) == NameOf(pair.Second));
Console.WriteLine($"the same class for {agree} of {uploads.Count} photos");
Console.WriteLine($"probabilities differ by less than 0.001: {largest < 1e-3}");

// %% [markdown]
// The two files side by side:

// %% varies
string Row(string path, string needs) => $"<tr><td>{Path.GetFileName(path)}</td>"
    + $"<td>{new FileInfo(path).Length / 1e6:0.0} MB</td><td>{needs}</td></tr>";
display(HTML("<table><tr><th>file</th><th>size</th><th>needs</th></tr>"
    + Row(zip, "ML.NET, this library and libtorch") + Row(onnx, "ONNX Runtime, in any language") + "</table>"));

// %%
session.Dispose();
foreach (var engine in engines)
    engine.Dispose();
classifier.Dispose();
Directory.Delete(work, recursive: true);

// %% [markdown]
// With a model of your own, start at "Save and load". A `.zip` file from any of these notebooks
// works. [ONNX](../onnx.md) has the other options of the export, among them smaller weights.

// %% [types] folded
// What an engine takes, and what it returns.
public sealed class Photo
{
    public byte[] Image { get; set; } = [];
}

public sealed class Scores
{
    public float[] Score { get; set; } = [];
}
