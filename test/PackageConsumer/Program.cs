// What a user of the package does: `train` a model on a few painted images and save it; `load` it in another process and predict the same.
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer;
using SkiaSharp;

if (args is not [("train" or "load") and var verb, var zip, var scores])
{
    Console.Error.WriteLine("usage: train|load <model.zip> <scores.bin>");
    return 2;
}

var mlContext = new MLContext(seed: 1);
var images = mlContext.Data.LoadFromEnumerable(Paint());
return verb == "train" ? Train() : Load();

int Train()
{
    var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
        .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
        {
            FeatureColumnName = "Image",
            Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = 16, PatchSize = 8, Depth = 2, EmbeddingDimension = 24, Heads = 2 },
            Epoch = 8,
            BatchSize = 8,
            LearningRate = 3e-3f,
            RandomCropMinimumArea = 0.5f,
        }))
        .Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
    using var model = pipeline.Fit(images);
    double accuracy = mlContext.MulticlassClassification.Evaluate(model.Transform(images)).MicroAccuracy;
    mlContext.Model.Save(model, images.Schema, zip);
    File.WriteAllBytes(scores, Scores(model));
    Console.WriteLine($"trained: accuracy {accuracy:F3}");
    return accuracy > 0.9 ? 0 : 1;
}

int Load()
{
    var model = new MLContext().Model.Load(zip, out _);
    bool same = Scores(model).AsSpan().SequenceEqual(File.ReadAllBytes(scores));
    using var engine = mlContext.Model.CreatePredictionEngine<Picture, Answer>(model);
    var picture = Paint()[0];
    string? answer = engine.Predict(picture).PredictedLabel;
    Console.WriteLine($"loaded: bit-equal {same}, {answer} for {picture.Label}");
    return same && answer == picture.Label ? 0 : 1;
}

byte[] Scores(ITransformer model) => [.. model.Transform(images).GetColumn<float[]>("Score").SelectMany(s => s).SelectMany(BitConverter.GetBytes)];

static Picture[] Paint()
{
    var random = new Random(5);
    (string Label, SKColor Color)[] classes = [("red", SKColors.Crimson), ("green", SKColors.ForestGreen), ("blue", SKColors.RoyalBlue)];
    return [.. Enumerable.Range(0, 48).Select(i =>
    {
        var (label, color) = classes[i % classes.Length];
        using var bitmap = new SKBitmap(20 + random.Next(30), 20 + random.Next(30));
        bitmap.Erase(color);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return new Picture { Image = data.ToArray(), Label = label };
    })];
}

internal sealed class Picture
{
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}

internal sealed class Answer
{
    public string? PredictedLabel { get; set; }
}
