// Keeps a share of each class to judge a model on.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

/// <param name="Training">To train on.</param>
/// <param name="Test">To judge on.</param>
internal sealed record TestSplit(LabeledImage[] Training, LabeledImage[] Test)
{
    /// <summary>
    /// Cuts each class by the SHA-256 of the seed and the file's name, so that another machine cuts the same, and few images change sides when
    /// some are added. A class keeps at least one image for training.
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
