// The memory of the sample WebService while it receives many large photos, and a minute later.
using System.Globalization;
using System.Net;
using Microsoft.ML.VisionTransformer.ServiceTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.ServiceTests;

[TestClass]
public sealed class MemoryTests
{
    private const int MB = 1_000_000, Side = 7000;

    /// <summary>The limits of docs/serving.md: resident memory at any time, and how much of it may be left a minute after the last photo.</summary>
    private const long MaxPeak = 900L * MB, MaxLeft = 100L * MB;

    private static readonly TimeSpan _wait = TimeSpan.FromSeconds(60), _interval = TimeSpan.FromSeconds(2);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(64, 64, false, DisplayName = "64 at once")]
    [DataRow(15, 1, false, DisplayName = "15, one after the other")]
    [DataRow(8, 8, true, DisplayName = "8 interlaced ones at once, which are decoded as a whole")]
    public async Task LargePhotosFitInMemoryAndItIsReturned(int photos, int atOnce, bool interlaced)
    {
        Requires.Linux("for /proc");
        using var model = new TinyModel();
        using var service = SampleService.Start("--Model", model.Path);
        byte[] large = LargePng.Make(Side, Side, interlaced);
        long start = service.ResidentBytes;

        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, photos),
            new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = TestContext.CancellationToken },
            async (_, cancellation) =>
            {
                using var answer = await service.PostBodyAsync(large, "image/png", cancellation);
                Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
            });
        var took = clock.Elapsed;
        long peak = service.PeakResidentBytes, left = await LowestAsync(service, start);

        TestContext.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{photos} PNG files of {Side} x {Side} pixels, {large.Length / 1000} KB each, {atOnce} at once, in {took.TotalSeconds:F0} s. Resident memory: "
            + $"{start / MB} MB at the start, {peak / MB} MB at the peak, {left / MB} MB left within a minute."));
        Assert.IsLessThan(MaxPeak, peak, "peak of the resident memory");
        Assert.IsLessThan(start + MaxLeft, left, "resident memory after a minute");
    }

    /// <summary>Waits until the memory is back to where it may be, for a minute at most.</summary>
    private async Task<long> LowestAsync(SampleService service, long start)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (service.ResidentBytes >= start + MaxLeft && clock.Elapsed < _wait)
            await Task.Delay(_interval, TestContext.CancellationToken);
        return service.ResidentBytes;
    }
}
