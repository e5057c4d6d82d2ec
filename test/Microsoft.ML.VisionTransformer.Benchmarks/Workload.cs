// The images and the network that both sides of a comparison use.
using SkiaSharp;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>Photos of a folder, or generated ones of the size of web photos, encoded in memory; and the same number of prepared inputs.</summary>
internal sealed class Workload : IDisposable
{
    internal const int BatchSize = 16;

    private const int Painted = 64;

    internal Workload(string? folder)
    {
        Context = new MLContext(seed: 1);
        Photos = folder is null ? [.. Enumerable.Range(0, Painted).Select(Paint)] : Read(folder);
        Count = Photos.Length / BatchSize * BatchSize;
        Photos = Photos[..Count];
        var data = Context.Data.LoadFromEnumerable(Photos);
        Data = Context.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        Classes = Photos.Select(p => p.Label).Distinct().Count();
        Inputs = torch.rand(BatchSize, 3, Architecture.ImageSize.Height, Architecture.ImageSize.Width) * 2 - 1;
        Targets = torch.randint(Classes, BatchSize);
    }

    internal static VisionTransformerArchitecture Architecture { get; } = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224");

    internal MLContext Context { get; }

    internal Photo[] Photos { get; }

    internal IDataView Data { get; }

    internal int Count { get; }

    internal int Classes { get; }

    /// <summary>One prepared batch [16, 3, 224, 224].</summary>
    internal torch.Tensor Inputs { get; }

    internal torch.Tensor Targets { get; }

    public void Dispose()
    {
        Inputs.Dispose();
        Targets.Dispose();
    }

    private Photo[] Read(string folder) =>
        [.. Context.Data.CreateEnumerable<PhotoPath>(Context.Data.LoadImagesFromFolder(folder), reuseRowObject: false)
            .Select(p => new Photo { Image = File.ReadAllBytes(p.ImagePath), Label = p.Label })];

    private static Photo Paint(int number)
    {
        var random = new Random(number);
        using var bitmap = new SKBitmap(500, 375);
        using var canvas = new SKCanvas(bitmap);
        for (int i = 0; i < 400; i++)
        {
            using var paint = new SKPaint { Color = new SKColor((uint)random.Next() | 0xff000000), IsAntialias = true };
            canvas.DrawCircle(random.Next(500), random.Next(375), random.Next(5, 60), paint);
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return new Photo { Image = data.ToArray(), Label = $"class {number % 5}" };
    }

    private sealed class PhotoPath
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }
}

/// <summary>An encoded image and its class.</summary>
internal sealed class Photo
{
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}
