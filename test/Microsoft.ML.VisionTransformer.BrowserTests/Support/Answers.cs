// Compares what the browser shows with what the library says.
namespace Microsoft.ML.VisionTransformer.BrowserTests.Support;

internal static class Answers
{
    /// <summary>Same classes in the same order. Returns the largest difference of a probability.</summary>
    internal static double AssertEqual((string Name, float Probability)[] expected, (string Name, float Probability)[] found, double tolerance)
    {
        double difference = Difference(expected, found);
        Assert.IsLessThan(tolerance, difference);
        // Neighbours that are closer than twice the difference may change places.
        for (int i = 0; i < expected.Length; i++)
        {
            bool fits = expected[i].Name == found[i].Name || IsTied(expected, found[i].Name, expected[i].Probability, 2 * difference);
            Assert.IsTrue(fits, $"place {i + 1}: {found[i]}, expected {expected[i]}");
        }

        return difference;
    }

    internal static double Difference((string Name, float Probability)[] expected, (string Name, float Probability)[] found)
    {
        Assert.HasCount(expected.Length, found);
        var byName = found.ToDictionary(c => c.Name, c => c.Probability);
        return expected.Max(c => Math.Abs((double)c.Probability - byName[c.Name]));
    }

    private static bool IsTied((string Name, float Probability)[] expected, string name, float probability, double difference) =>
        Math.Abs(expected.Single(c => c.Name == name).Probability - probability) <= difference;
}
