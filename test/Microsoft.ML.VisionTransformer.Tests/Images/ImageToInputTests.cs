// Training and prediction through one object, from several threads.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images;

[TestClass]
public sealed class ImageToInputTests
{
    private static readonly ImagePreprocessing _settings = new() { Size = (11, 13) };

    [TestMethod]
    public void ThreadsDoNotDisturbEachOther()
    {
        var toInput = new ImageToInput(_settings);
        var images = Enumerable.Range(20, 40).Select(i => PaintedImage.Gradient(i, 83 - i)).ToArray();
        float[][] one = [.. images.Select(Both)], many = [.. images.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(Both)];
        for (int i = 0; i < images.Length; i++)
            CollectionAssert.AreEqual(one[i], many[i]);

        float[] Both(RgbImage image)
        {
            float[] numbers = new float[2 * toInput.Length];
            toInput.ForPrediction(image, numbers.AsSpan(0, toInput.Length));
            toInput.ForTraining(image, RandomStream.For(1, image.Width), numbers.AsSpan(toInput.Length));
            return numbers;
        }
    }

    [TestMethod]
    public void ThePartsAreTheOnesTestedElsewhere()
    {
        var image = PaintedImage.Gradient(47, 31);
        var preprocessor = new ImagePreprocessor(_settings);
        float[] expected = new float[3 * 11 * 13], actual = new float[3 * 11 * 13];

        preprocessor.Normalize(new TrainingAugmentation(_settings).Apply(image, RandomStream.For(1)), expected);
        new ImageToInput(_settings).ForTraining(image, RandomStream.For(1), actual);

        CollectionAssert.AreEqual(expected, actual);
    }
}
