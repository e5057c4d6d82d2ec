// The predict command. It uses plain ML.NET: the .zip file names the library that it needs.
using System.Globalization;
using System.Reflection;
using Microsoft.ML;

namespace QuickStart;

internal static class Prediction
{
    private const int Shown = 3;

    internal static void Print(PredictArguments arguments)
    {
        var mlContext = new MLContext();
        var model = Load(mlContext, arguments.Model);
        using var weights = model as IDisposable;
        var images = mlContext.Data.LoadFromEnumerable(arguments.Images.Select(path => new Photo { ImagePath = path }));
        var scored = model.Transform(images);
        var classes = ClassNames.Of(scored);
        foreach (var photo in mlContext.Data.CreateEnumerable<ScoredPhoto>(scored, reuseRowObject: false))
        {
            var best = classes.Zip(photo.Score).OrderByDescending(c => c.Second).Take(Shown)
                .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.First} {100 * c.Second:F1}%"));
            Console.WriteLine($"  {photo.ImagePath}: {string.Join(", ", best)}");
        }
    }

    private static ITransformer Load(MLContext mlContext, string path)
    {
        try
        {
            return mlContext.Model.Load(path, out _);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or InvalidOperationException or TargetInvocationException)
        {
            // ML.NET creates transformers by reflection, which wraps their exceptions.
            throw new InvalidDataException($"{path} cannot be loaded as a model: {e.GetBaseException().Message}", e);
        }
    }

    /// <summary>A row to predict. Its label stays empty.</summary>
    private sealed class Photo
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class ScoredPhoto
    {
        public string ImagePath { get; set; } = "";

        public float[] Score { get; set; } = [];
    }
}
