// Generates a folder of photos to try the trainer with: <folder>/<class>/<image>.jpg.
using System.Globalization;
using SkiaSharp;

namespace QuickStart.Photos;

internal static class GeneratedPhotos
{
    /// <summary>Writes the photos and returns their folder. The same seed gives the same photos. Photos of an earlier run are overwritten.</summary>
    internal static string Write(string work, int imagesPerClass, int seed, CancellationToken cancellation)
    {
        string root = Path.Combine(work, string.Create(CultureInfo.InvariantCulture, $"photos-{imagesPerClass}-a-class-seed-{seed}"));
        var random = new Random(seed);
        foreach (var (name, draw) in Motifs.All)
        {
            string folder = Directory.CreateDirectory(Path.Combine(root, name)).FullName;
            for (int i = 0; i < imagesPerClass; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var photo = PhotoPainter.Paint(draw, random);
                using var file = File.Create(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{i:D4}.jpg")));
                photo.Encode(file, SKEncodedImageFormat.Jpeg, quality: random.Next(55, 96));
            }
        }

        return root;
    }
}
