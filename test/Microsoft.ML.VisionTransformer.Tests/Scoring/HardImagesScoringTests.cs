// The collection of difficult and corrupt images as rows of one data view: each is handled on its own and does not affect the others.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring;

[TestClass]
public sealed class HardImagesScoringTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void EveryRowHasTheWantedOutcome()
    {
        using var images = new BadImages();
        var files = images.Entries
            .Select(e => (Name: e.GetProperty("file").GetString()!, Outcome: e.GetProperty("outcome").GetString()!, What: e.GetProperty("what").GetString()!)).ToArray();
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options();
        options.OnInvalidImageInPrediction = InvalidImageHandling.Missing;
        using var model = TinyTraining.Train(context, TinyTraining.Data(context), options);
        var paths = context.Data.LoadFromEnumerable(files.Select(f => new PathRow { Image = Path.Combine(images.Folder, f.Name) }).ToArray());

        float[][] scores = TinyTraining.Scores(model.LastTransformer.Transform(paths)), again = TinyTraining.Scores(model.LastTransformer.Transform(paths));

        using var engine = context.Model.CreatePredictionEngine<PathRow, Prediction>(model.LastTransformer, new PredictionEngineOptions { OwnsTransformer = false });
        for (int i = 0; i < files.Length; i++)
        {
            string seen = float.IsNaN(scores[i][0]) ? "reject" : "decode";
            TestContext.WriteLine($"{files[i].Name} | {files[i].What} | {files[i].Outcome} | {seen}");
            Assert.IsTrue(files[i].Outcome == "either" || files[i].Outcome == seen, files[i].Name);
            CollectionAssert.AreEqual(scores[i], again[i], files[i].Name);
            float[] alone = engine.Predict(new PathRow { Image = Path.Combine(images.Folder, files[i].Name) }).Score;
            Assert.AreEqual(0, scores[i].Zip(alone, (a, b) => float.IsNaN(a) && float.IsNaN(b) ? 0 : Math.Abs(a - b)).Max(), 1e-5, files[i].Name);
        }
    }

    private sealed class PathRow
    {
        public string Image { get; set; } = "";
    }
}
