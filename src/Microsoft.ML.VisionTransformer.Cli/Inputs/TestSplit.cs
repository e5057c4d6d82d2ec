// Splits labeled images into training and test images.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

/// <param name="Training">The images to train on.</param>
/// <param name="Test">The images to evaluate the model on.</param>
internal sealed record TestSplit(LabeledImage[] Training, LabeledImage[] Test)
{
    /// <summary>
    /// Splits each class by the SHA-256 hash of the seed and the file name. The split is the same on every machine, and few images move between the parts when
    /// images are added. A class keeps at least one training image.
    /// </summary>
    internal static TestSplit Cut(LabeledImage[] images, float fraction, int seed)
    {
        var test = new HashSet<LabeledImage>();
        foreach (var group in images.GroupBy(image => image.Label, StringComparer.Ordinal))
        {
            var members = group.OrderBy(image => Rank(image, seed), StringComparer.Ordinal).ToArray();
            int count = Math.Min((int)Math.Round(members.Length * (double)fraction, MidpointRounding.AwayFromZero), members.Length - 1);
            test.UnionWith(members.Take(count));
        }

        return new TestSplit([.. images.Where(image => !test.Contains(image))], [.. images.Where(test.Contains)]);
    }

    private static string Rank(LabeledImage image, int seed) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}/{image.Label}/{Path.GetFileName(image.Image)}"))));
}
