// Moves a pipeline with ImageClassification over to the Vision Transformer; the notebook 05-move-over-from-image-classification.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # Move over from `ImageClassification`
//
// ML.NET's own trainer for photos, `ImageClassification`, runs on TensorFlow 2.3 and retrains the last layer of one of four networks of 2015 to 2018. This notebook takes a
// pipeline that uses it and changes what has to be changed: one line, and two package references.

// %% [markdown]
// ## Before
//
// This is not run here; it needs `Microsoft.ML.Vision` and `SciSharp.TensorFlow.Redist`.
//
// ```csharp
// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("LabelKey", "Label")
//     .Append(mlContext.Transforms.LoadRawImageBytes("Image", imageFolder: null, "ImagePath"))
//     .Append(mlContext.MulticlassClassification.Trainers.ImageClassification(
//         labelColumnName: "LabelKey", featureColumnName: "Image"))
//     .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
// ```
//
// ## After
//
// ```diff
// -    .Append(mlContext.MulticlassClassification.Trainers.ImageClassification(
// +    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(
//          labelColumnName: "LabelKey", featureColumnName: "Image"))
// ```
//
// | package before | package after |
// | --- | --- |
// | `Microsoft.ML.Vision` | `Microsoft.ML.VisionTransformer` |
// | `SciSharp.TensorFlow.Redist` | `libtorch-cpu-linux-x64`, `libtorch-cpu-win-x64` or `libtorch-cpu-osx-arm64`; for an NVIDIA GPU `TorchSharp-cuda-linux` or `TorchSharp-cuda-windows` |

// %% [packages]

// %%
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.ML;
using Microsoft.ML.Data;
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
// ## Data
//
// As before: any `IDataView` with a label and the bytes of an image. `LoadImagesFromFolder` is a shortcut for the usual layout of one folder a class.

// %%
string work = Directory.CreateTempSubdirectory("vit-notebook-").FullName;
string photos = Path.Combine(work, "fruit");
Paint(photos, [("lemon", 52), ("lime", 110), ("plum", 285)], perKind: 30, seed: 1);

var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.3, seed: 1);
display(HTML(Picture(Sheet(FirstOfEach(photos, 8), columns: 8), "Eight lemons, eight limes, eight plums")));

// %% [markdown]
// ## The same line
//
// Parameters, their order, their defaults and the columns that come out are the same, so code around the trainer does not change. Here the pipeline is only put together, to
// show that it fits: without options the network is ViT-Ti, from scratch, which wants more than ninety photos.

// %%
var sameLine = mlContext.Transforms.Conversion.MapValueToKey("LabelKey", "Label")
    .Append(mlContext.Transforms.LoadRawImageBytes("Image", imageFolder: null, "ImagePath"))
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(
        labelColumnName: "LabelKey", featureColumnName: "Image"))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

// %% [markdown]
// ## Options side by side
//
// | `ImageClassificationTrainer.Options` | default | `VisionTransformerTrainer.Options` | default |
// | --- | --- | --- | --- |
// | `LabelColumnName`, `FeatureColumnName`, `ScoreColumnName`, `PredictedLabelColumnName` | `Label`, `Features`, `Score`, `PredictedLabel` | the same | the same |
// | `Arch` (`ResnetV250`, `InceptionV3`, `MobilenetV2`, `ResnetV2101`) | `ResnetV250` | `PretrainedModel`: a path or hub id; `Arch`: one of 179 names, any part of it changed | none: ViT-Ti from scratch |
// | always a new last layer | | `Strategy`: `LinearProbe` (the same idea), `FineTune`, `FromScratch` | by the data |
// | `Epoch` | 200 | `Epoch` | by the strategy: 8 for fine-tuning, 50 from scratch |
// | `BatchSize` | 10 | `BatchSize` | 16 for fine-tuning, 32 from scratch |
// | `LearningRate` | 0.01 | `LearningRate` | 1e-4 for fine-tuning, 5e-4 from scratch |
// | `LearningRateScheduler` | exponential decay | `LearningRateSchedule`, `WarmupEpochs` | half a cosine |
// | `EarlyStoppingCriteria` | on: 0.01, 20 epochs | `EarlyStoppingCriteria` | off; the model has the best epoch's weights in any case |
// | `ValidationSet` | none | `ValidationSet` | none |
// | `ValidationSetFraction` | 0.1 | `ValidationSetFraction` | 0.1 |
// | `MetricsCallback` | none | `MetricsCallback`: loss, accuracy, rate, speed, time left | none |
// | `WorkspacePath` | a temporary folder of bottleneck values | `WorkspacePath`: checkpoints; an interrupted `Fit` goes on from there | none |
// | `TestOnTrainSet` | true | always measured on the batches, at no cost | |
// | `ReuseTrainSetBottleneckCachedValues` and the file names of caches | | not needed: a probe keeps its features in memory | |
// | `FinalModelPrefix` | | not needed: the model is in the `.zip` | |

// %% [markdown]
// ## Fit
//
// Options of before, moved over, with a network small enough for this notebook. `ImageClassificationMetrics` had `Train.Accuracy` and `Train.CrossEntropy`; here they are
// `TrainingAccuracy` and `TrainingLoss`, beside `ValidationAccuracy` and `ValidationLoss`.

// %% varies
var pipeline = mlContext.Transforms.Conversion.MapValueToKey("LabelKey", "Label")
    .Append(mlContext.Transforms.LoadRawImageBytes("Image", imageFolder: null, "ImagePath"))
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        LabelColumnName = "LabelKey",
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
        Epoch = 10,
        BatchSize = 10,
        LearningRate = 2e-3f,
        RandomCropMinimumArea = 0.5f,
        ValidationSetFraction = 0.1f,
        EarlyStoppingCriteria = new VisionTransformerTrainer.EarlyStopping(minDelta: 0.01f, patience: 20),
        MetricsCallback = m =>
        {
            if (m.Phase == TrainingPhase.Epoch)
                Console.WriteLine($"epoch {m.Epoch}: right {m.TrainingAccuracy:0.00}, loss {m.TrainingLoss:0.00}");
        },
    }))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
var model = pipeline.Fit(split.TrainSet);

// %% [markdown]
// ## Transform and metrics
//
// Nothing to change: the columns are the same, and `Evaluate` takes them.

// %%
var predictions = model.Transform(split.TestSet);
foreach (string name in new[] { "LabelKey", "Score", "PredictedLabel" })
    Console.WriteLine($"{name}: {predictions.Schema[name].Type}");

// %% varies
var judged = mlContext.MulticlassClassification.Evaluate(predictions, labelColumnName: "LabelKey");
Console.WriteLine($"MicroAccuracy {judged.MicroAccuracy:0.00}, LogLoss {judged.LogLoss:0.00}");

// %% [markdown]
// ## Consume
//
// The classes for rows that go in and out stay what they were: this is `ModelInput` and `ModelOutput` as Model Builder writes them.

// %%
var engine = mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(model);
foreach (string path in FirstOfEach(photos, 1))
{
    var answer = engine.Predict(new ModelInput { ImagePath = path });
    Console.WriteLine($"a {KindOf(path)} is taken for a {answer.PredictedLabel}");
}

// %% [markdown]
// One thing is new: the weights are native memory. Dispose the model, or the engine that owns it, when it is no longer needed.

// %%
engine.Dispose();
Directory.Delete(work, recursive: true);

// %% [markdown]
// With photos of your own, take away the `Arch` and `LearningRate` lines and set `PretrainedModel` (notebook 02): as with `ImageClassification`, a pretrained network is what makes few
// photos enough. Old `.zip` files with a TensorFlow model stay what they are; train once more.

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
// A row that goes in.
public sealed class ModelInput
{
    public string Label { get; set; } = "";

    public string ImagePath { get; set; } = "";
}

// A row that comes out.
public sealed class ModelOutput
{
    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}
