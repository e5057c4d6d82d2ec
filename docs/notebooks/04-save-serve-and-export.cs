// Saves a model, loads it, answers many callers at once, and hands it to ONNX Runtime; the notebook 04-save-load-and-serve.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:package Microsoft.ML.OnnxRuntime@1.31.1
#:property PublishAot=false

// %% [markdown]
// # Save, load and serve
//
// A trained model leaves the notebook in one of two forms: a `.zip` for programs with ML.NET, or an `.onnx` file for everything else, from Python to a browser. Between the two
// lies the question how one model answers many callers at once.

// %% [markdown]
// ## Packages
//
// ONNX Runtime is here to show that the exported file needs nothing of ours.

// %% [packages]

// %%
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.ML;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Microsoft.ML.VisionTransformer;
using SkiaSharp;

// %% folded
// Painting fruit, folder/<kind>/<number>.png, and showing pictures.
static void Paint(string folder, (string Name, float Hue)[] kinds, int perKind, int seed)
{
    var random = new Random(seed);
    foreach (var (name, hue) in kinds)
    {
        Directory.CreateDirectory(Path.Combine(folder, name));
        for (int i = 0; i < perKind; i++)
        {
            using var bitmap = new SKBitmap(64, 64);
            using var canvas = new SKCanvas(bitmap);
            using var fruit = new SKPaint { Color = SKColor.FromHsl(hue + random.Next(-8, 9), random.Next(60, 90), random.Next(40, 60)), IsAntialias = true };
            using var shine = new SKPaint { Color = SKColors.White.WithAlpha(110), IsAntialias = true };
            byte table = (byte)random.Next(90, 200);
            canvas.Clear(new SKColor(table, table, table));
            float x = random.Next(22, 43), y = random.Next(22, 43), radius = random.Next(14, 22);
            canvas.RotateDegrees(random.Next(360), x, y);
            canvas.DrawOval(x, y, radius, radius * 0.8f, fruit);
            canvas.DrawOval(x - radius * 0.3f, y - radius * 0.3f, radius * 0.25f, radius * 0.2f, shine);
            using var file = File.Create(Path.Combine(folder, name, $"{i:D2}.png"));
            bitmap.Encode(file, SKEncodedImageFormat.Png, 100);
        }
    }
}

// All photos of a folder, in order, and the kind that a photo's folder says.
static List<string> PhotosIn(string folder) => Directory.GetFiles(folder, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
static string KindOf(string path) => Path.GetFileName(Path.GetDirectoryName(path)!);
static List<string> FirstOfEach(string folder, int count) => PhotosIn(folder).GroupBy(KindOf).SelectMany(kind => kind.Take(count)).ToList();

// A picture as HTML, and many pictures as one, row after row.
static string Picture(byte[] png, string alt) => $"<img alt='{alt}' src='data:image/png;base64,{Convert.ToBase64String(png)}'>";

static byte[] Sheet(List<string> paths, int columns)
{
    using var sheet = new SKBitmap(columns * 68 - 4, (paths.Count + columns - 1) / columns * 68 - 4);
    using var canvas = new SKCanvas(sheet);
    canvas.Clear(SKColors.White);
    for (int i = 0; i < paths.Count; i++)
    {
        using var picture = SKBitmap.Decode(paths[i]);
        canvas.DrawBitmap(picture, SKRect.Create(i % columns * 68, i / columns * 68, 64, 64));
    }

    using var data = sheet.Encode(SKEncodedImageFormat.Png, 100);
    return data.ToArray();
}

// %% [markdown]
// ## Data, pipeline, fit
//
// A small model to have something to save. Its column `Image` holds the *content* of an image file, because that is what a service receives; `LoadRawImageBytes` is ML.NET's own.

// %%
string work = Directory.CreateTempSubdirectory("vit-notebook-").FullName;
string photos = Path.Combine(work, "fruit");
Paint(photos, [("lemon", 52), ("lime", 110), ("plum", 285)], perKind: 30, seed: 1);
display(HTML(Picture(Sheet(FirstOfEach(photos, 8), columns: 8), "Eight lemons, eight limes, eight plums")));

// %%
var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
    .Append(mlContext.Transforms.LoadRawImageBytes("Image", imageFolder: null, "ImagePath"))
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        FeatureColumnName = "Image",
        Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
        {
            ImageSize = 32,
            PatchSize = 8,
            Depth = 2,
            EmbeddingDimension = 48,
            Heads = 3,
            Pooling = TokenPooling.Average,
        },
        Strategy = TrainingStrategy.FromScratch,
        Epoch = 10,
        BatchSize = 16,
        LearningRate = 2e-3f,
        RandomCropMinimumArea = 0.5f,
    }))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
var trained = pipeline.Fit(images);

// %% [markdown]
// ## Save and load
//
// The `.zip` holds the whole pipeline: network, weights, class names, and how images are prepared. Loading it is plain ML.NET; the library has to be there, no line of code has to name it.

// %%
string zip = Path.Combine(work, "fruit.zip");
mlContext.Model.Save(trained, images.Schema, zip);
trained.Dispose();

var loaded = new MLContext().Model.Load(zip, out var schema);
Console.WriteLine($"the pipeline starts from {string.Join(" and ", schema.Select(c => c.Name))}");
var steps = (IEnumerable<ITransformer>)loaded;
foreach (var step in steps)
    Console.WriteLine(step.GetType().Name);

// %% [markdown]
// ## Serve: one model, a pool of engines
//
// The steps before the classifier are for training; a service takes the classifier alone, and gives it bytes. The model may be used by all threads at once. A `PredictionEngine`
// may not: it has buffers of its own. So there is one model, and an engine for each caller of the moment, kept for the next one.
//
// `OwnsTransformer = false` matters: otherwise the first engine that is disposed takes the weights of all others with it.

// %%
var classifier = steps.OfType<VisionTransformerPredictionTransformer>().Single();
var names = classifier.ClassNames!;
var engines = new ConcurrentBag<PredictionEngine<Photo, Answer>>();
var options = new PredictionEngineOptions { OwnsTransformer = false };

string Classify(byte[] photo)
{
    if (!engines.TryTake(out var engine))
        engine = mlContext.Model.CreatePredictionEngine<Photo, Answer>(classifier, options);
    try
    {
        float[] score = engine.Predict(new Photo { Image = photo }).Score;
        return names[Array.IndexOf(score, score.Max())];
    }
    finally
    {
        engines.Add(engine);    // after an error, too: it keeps nothing of the photo
    }
}

// %% [markdown]
// ## Consume
//
// Photos that it has not seen, one after the other, and then sixty at once. The answers are the same.

// %%
string unseen = Path.Combine(work, "unseen");
Paint(unseen, [("lemon", 52), ("lime", 110), ("plum", 285)], perKind: 20, seed: 99);
var uploads = PhotosIn(unseen).Select(path => (Kind: KindOf(path), Bytes: File.ReadAllBytes(path))).ToArray();

string[] oneByOne = uploads.Select(u => Classify(u.Bytes)).ToArray();
string[] atOnce = await Task.WhenAll(uploads.Select(u => Task.Run(() => Classify(u.Bytes))));
Console.WriteLine($"the same answers: {oneByOne.SequenceEqual(atOnce)}");
int right = uploads.Zip(atOnce).Count(pair => pair.First.Kind == pair.Second);
Console.WriteLine($"right for more than nine in ten: {right > 0.9 * uploads.Length}");

// %% varies
Console.WriteLine($"{engines.Count} engines for {uploads.Length} callers");

// %% [markdown]
// A service puts a limit in front of the pool, so that a rush of callers waits instead of all becoming slow: `docs/serving.md` and the sample `WebService` of the repository do that.

// %% [markdown]
// ## ONNX
//
// `RawRgb` puts resize, crop and normalisation into the file: whoever runs it hands over the pixels as they are, of any size, and gets probabilities. Class names travel as metadata.

// %%
string onnx = Path.Combine(work, "fruit.onnx");
classifier.SaveAsOnnx(onnx, new OnnxExportOptions { Input = OnnxInput.RawRgb });
var session = new InferenceSession(onnx);
string Shape(NodeMetadata node) =>
    string.Join(", ", node.Dimensions.Zip(node.SymbolicDimensions, (d, s) => d < 0 ? s : $"{d}"));
foreach (var (name, node) in session.InputMetadata.Concat(session.OutputMetadata))
    Console.WriteLine($"{name}: {node.ElementType.Name} [{Shape(node)}]");
Console.WriteLine($"classes: {session.ModelMetadata.CustomMetadataMap["class_names"]}");

// %%
float[] ScoreWithOnnx(byte[] photo)
{
    using var bitmap = SKBitmap.Decode(photo);
    var image = new DenseTensor<byte>([1, bitmap.Height, bitmap.Width, 3]);
    for (int y = 0; y < bitmap.Height; y++)
    {
        for (int x = 0; x < bitmap.Width; x++)
        {
            var pixel = bitmap.GetPixel(x, y);
            (image[0, y, x, 0], image[0, y, x, 1], image[0, y, x, 2]) = (pixel.Red, pixel.Green, pixel.Blue);
        }
    }

    using var results = session.Run([NamedOnnxValue.CreateFromTensor("image", image)]);
    return results.First().AsEnumerable<float>().ToArray();
}

var reference = mlContext.Model.CreatePredictionEngine<Photo, Answer>(classifier, options);
int same = 0;
double largest = 0;
foreach (var upload in uploads)
{
    float[] ours = reference.Predict(new Photo { Image = upload.Bytes }).Score;
    float[] theirs = ScoreWithOnnx(upload.Bytes);
    same += Array.IndexOf(ours, ours.Max()) == Array.IndexOf(theirs, theirs.Max()) ? 1 : 0;
    largest = Math.Max(largest, ours.Zip(theirs, (a, b) => Math.Abs(a - b)).Max());
}
Console.WriteLine($"the same class for {same} of {uploads.Length} photos");
Console.WriteLine($"probabilities within 0.0001 of each other: {largest < 1e-4}");

// %% [markdown]
// The two forms side by side:

// %% varies
string Row(string path, string needs) =>
    $"<tr><td>{Path.GetFileName(path)}</td><td>{new FileInfo(path).Length / 1024} KB</td><td>{needs}</td></tr>";
display(HTML("<table><tr><th>File</th><th>Size</th><th>Needs</th></tr>"
    + Row(zip, "ML.NET, this library, libtorch") + Row(onnx, "ONNX Runtime, in any language") + "</table>"));

// %%
session.Dispose();
reference.Dispose();
foreach (var engine in engines)
    engine.Dispose();
classifier.Dispose();
Directory.Delete(work, recursive: true);

// %% [markdown]
// With a model of your own, start at "Save and load": a `.zip` from any of these notebooks will do, and the photos may be of any size and format.

// %% [program]
// What a notebook has and a program lacks: display shows HTML. Here it goes to a page for the browser.
static string HTML(string html) => html;

static void display(string html)
{
    string page = Path.Combine(Path.GetTempPath(), $"notebook-{Environment.ProcessId}.html");
    File.AppendAllText(page, html + "\n<hr>\n");
    Console.WriteLine($"[{html.Length} characters of HTML: open {page}]");
}

// %% [types]
// What an engine takes, and what it gives.
public sealed class Photo
{
    public byte[] Image { get; set; } = [];
}

public sealed class Answer
{
    public float[] Score { get; set; } = [];
}
