// Measures several implementations of the same work alternately, each in a separate process.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>The first side is this library; the others are the baselines.</summary>
internal sealed class Contest : IDisposable
{
    private readonly List<Contestant> _sides;
    private readonly List<double[]>[] _measured;

    /// <param name="sides">Names of sides.</param>
    /// <param name="arguments">Arguments of all sides.</param>
    internal Contest(string[] sides, params string[] arguments)
    {
        _sides = [.. sides.Select(side => new Contestant(side, arguments))];
        _measured = [.. sides.Select(_ => new List<double[]>())];
    }

    /// <summary>Number of rounds; each side runs once per round.</summary>
    internal Contest Run(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int side = 0; side < _sides.Count; side++)
                _measured[side].Add(_sides[side].Measure());
        }

        return this;
    }

    /// <summary>Median of a side's measurements.</summary>
    internal double Of(int side, int number = 0) => Median.Of(_measured[side].Select(m => m[number]));

    /// <summary>Median over the rounds of this library's speed relative to another side.</summary>
    internal double Faster(int than, int number = 0) => Median.Of(Ratios(than, number));

    /// <summary>The same with the minimum and the maximum of the rounds.</summary>
    internal string FasterText(int than, int number = 0) => Text(Ratios(than, number));

    /// <summary>The speed of another side relative to this library, with minimum and maximum.</summary>
    internal string OtherFasterText(int side) => Text(Ratios(side, 0).Select(ratio => 1 / ratio));

    private static string Text(IEnumerable<double> all)
    {
        double[] ratios = [.. all];
        return string.Create(CultureInfo.InvariantCulture, $"{Median.Of(ratios):F2} ({ratios.Min():F2} to {ratios.Max():F2})");
    }

    internal double PeakMiB(int side) => _sides[side].PeakMiB();

    public void Dispose() => _sides.ForEach(side => side.Dispose());

    private IEnumerable<double> Ratios(int than, int number) => _measured[0].Zip(_measured[than], (ours, other) => other[number] / ours[number]);
}
