// Moves a pipeline with ImageClassification over to the Vision Transformer; the notebook 05-move-over-from-image-classification.ipynb is made from this program.
#:package Microsoft.ML.VisionTransformer@0.1.0
#:package libtorch-cpu-linux-x64@2.10.0
#:property PublishAot=false

// %% [markdown]
// # Move over from `ImageClassification`
//
// Your program uses ML.NET's `ImageClassification` trainer, which retrains the last layer of a
// network from 2015 to 2018 in TensorFlow 2.3. This notebook replaces the trainer with a Vision
// Transformer and leaves the code around it as it is.
//
// ## Before
//
// This cell does not run here. It needs `Microsoft.ML.Vision` and `SciSharp.TensorFlow.Redist`.
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
// | `SciSharp.TensorFlow.Redist` | `libtorch-cpu-linux-x64`, `libtorch-cpu-win-x64` or `libtorch-cpu-osx-arm64` |
// | `SciSharp.TensorFlow.Redist-Linux-GPU`, `-Windows-GPU` | `TorchSharp-cuda-linux`, `TorchSharp-cuda-windows` |
//
// > **About the saved outputs.** The machine that ran this notebook had no network. Its outputs come
// > from a ViT-Ti that was trained on the 200 classes of Tiny ImageNet. The model that the code names
// > was trained on ImageNet-21k. It gives other values, usually better ones.
//
// Photos: CC BY 2.0, [credits](photos/README.md).

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
// ## The photos
//
// The data stays the same: any `IDataView` with a label and the bytes of an image.
// `LoadImagesFromFolder` is a shortcut for one folder per class.

// %%
string photos = FindPhotos("flowers");
var mlContext = new MLContext(seed: 1);
IDataView images = mlContext.Data.LoadImagesFromFolder(photos);
var split = mlContext.Data.TrainTestSplit(images, testFraction: 0.3, seed: 3);

// %% varies
display(HTML(Sheet("One photo of each class", columns: 5,
    OfEachClass(PhotosIn(photos), 1).Select(Tile))));

// %% [markdown]
// ## The same line compiles
//
// The parameters, their order, their defaults and the output columns are the same. Without
// options, the trainer trains ViT-Ti from scratch, which needs far more photos. So this cell
// builds the pipeline and does not train it.

// %%
var sameLine = mlContext.Transforms.Conversion.MapValueToKey("LabelKey", "Label")
    .Append(mlContext.Transforms.LoadRawImageBytes("Image", imageFolder: null, "ImagePath"))
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(
        labelColumnName: "LabelKey", featureColumnName: "Image"))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

// %% [markdown]
// ## Options side by side
//
// | `ImageClassificationTrainer.Options` | `VisionTransformerTrainer.Options` |
// | --- | --- |
// | `LabelColumnName`, `FeatureColumnName`, `ScoreColumnName`, `PredictedLabelColumnName` | the same, with the same defaults |
// | `Arch`: four networks, `ResnetV250` by default | `PretrainedModel`: a short name, hub id or path; `Arch`: one of 179 names |
// | the last layer is always retrained | `Strategy`: `LinearProbe` (the same idea), `FineTune`, `FromScratch`; by default, the data decides |
// | `Epoch`: 200 | `Epoch`: 8 for fine-tuning, 50 from scratch |
// | `BatchSize`: 10 | `BatchSize`: 16 for fine-tuning, 32 from scratch |
// | `LearningRate`: 0.01 | `LearningRate`: 1e-4 for fine-tuning, 5e-4 from scratch |
// | `LearningRateScheduler`: exponential decay | `LearningRateSchedule`, `WarmupEpochs`: half a cosine |
// | `EarlyStoppingCriteria`: on, 0.01 and 20 epochs | `EarlyStoppingCriteria`: off; the model has the weights of the best epoch |
// | `ValidationSet`, `ValidationSetFraction`: 0.1 | the same |
// | `MetricsCallback` | `MetricsCallback`: also the learning rate, the speed and the time left |
// | `WorkspacePath`: bottleneck values | `WorkspacePath`: training checkpoints, from which an interrupted `Fit` continues |
// | `TestOnTrainSet` | not needed: measured on the batches at no cost |
// | `ReuseTrainSetBottleneckCachedValues` and file names of caches | not needed: a probe keeps its features in memory |
// | `FinalModelPrefix` | not needed: the model is in the `.zip` file |

// %% [markdown]
// ## Train
//
// Set `PretrainedModel` and `Strategy`: `LinearProbe` retrains the last layer, as
// `ImageClassification` does. In a `MetricsCallback`, `Train.Accuracy` and `Train.CrossEntropy`
// become `TrainingAccuracy` and `TrainingLoss`.

// %%
var pipeline = mlContext.Transforms.Conversion.MapValueToKey("LabelKey", "Label")
    .Append(mlContext.Transforms.LoadRawImageBytes("Image", imageFolder: null, "ImagePath"))
    .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
    {
        LabelColumnName = "LabelKey",
        FeatureColumnName = "Image",
        PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
        Strategy = TrainingStrategy.LinearProbe,
        ValidationSetFraction = 0,
    }))
    .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
var model = pipeline.Fit(split.TrainSet);

// %% [markdown]
// ## Evaluate
//
// The columns have the same names and types, so `Evaluate` stays as it is.

// %%
var predictions = model.Transform(split.TestSet);
foreach (string name in new[] { "LabelKey", "Score", "PredictedLabel" })
    Console.WriteLine($"{name}: {predictions.Schema[name].Type}");

// %% varies
var metrics = mlContext.MulticlassClassification.Evaluate(predictions, labelColumnName: "LabelKey");
Console.WriteLine($"MicroAccuracy {metrics.MicroAccuracy:0.00}, LogLoss {metrics.LogLoss:0.00}");

// %% [markdown]
// ## Predict
//
// The classes for input and output also stay. These are `ModelInput` and `ModelOutput` as Model
// Builder writes them.

// %% varies
var engine = mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(model);
(byte[], string, bool?) Predict(string path)
{
    var output = engine.Predict(new ModelInput { ImagePath = path });
    return Answer(path, output.PredictedLabel, output.Score.Max());
}
display(HTML(Sheet("Ten test photos with their predicted classes", columns: 5,
    OfEachClass(split.TestSet.GetColumn<string>("ImagePath"), 2).Select(Predict))));

// %% [markdown]
// One thing is new: the weights are in native memory. Dispose the model, or the engine that owns
// it, when you no longer need it.

// %%
engine.Dispose();

// %% [markdown]
// Old `.zip` files with a TensorFlow model cannot be converted. Train once more, with the same
// photos. [Moving from ImageClassification](../migration.md) has the full program as a diff.

// %% [types] folded
// What goes in, and what comes out.
public sealed class ModelInput
{
    public string Label { get; set; } = "";

    public string ImagePath { get; set; } = "";
}

public sealed class ModelOutput
{
    public string PredictedLabel { get; set; } = "";

    public float[] Score { get; set; } = [];
}
