// Waits for what happens on other threads, with a limit that only a failure reaches.
namespace Microsoft.ML.VisionTransformer.Hosting.Tests.Support;

internal static class Eventually
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    internal static async Task HoldsAsync(Func<Task<bool>> condition, string what)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.IsLessThan(_limit, clock.Elapsed, $"not within the limit: {what}");
            await Task.Delay(20);
        }
    }

    internal static Task HoldsAsync(Func<bool> condition, string what) => HoldsAsync(() => Task.FromResult(condition()), what);
}
