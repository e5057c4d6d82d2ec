// Quality measures of predicted probabilities: log loss, Brier score, accuracy and calibration error.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Evaluation;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// Evaluates the probabilities of a classifier: log loss, Brier score, accuracy, and the expected calibration error
/// with its reliability diagram. ML.NET's own <c>Evaluate</c> reports no Brier score and no calibration error. Add the
/// rows, then read the values. All values are 0 until a row with a weight above 0 is added.
/// </summary>
/// <remarks>All sums are float64. Use an instance from one thread at a time.</remarks>
/// <example>
/// <code>
/// using Microsoft.ML.VisionTransformer;
///
/// var scores = new ProbabilityScores();
/// scores.Add([0.7f, 0.2f, 0.1f], trueClass: 0);
/// scores.Add([0.4f, 0.5f, 0.1f], trueClass: 0);
/// scores.Add([0.1f, 0.1f, 0.8f], trueClass: 2);
/// Console.WriteLine($"accuracy {scores.Accuracy:P0}, log loss {scores.LogLoss:F3}, Brier score {scores.Brier:F3}");
/// Console.WriteLine($"expected calibration error {scores.CalibrationError:P1}");
/// foreach (CalibrationBin bin in scores.Bins.Where(b => b.Weight > 0))
///     Console.WriteLine($"{bin.From:F2} to {bin.To:F2}: confidence {bin.Confidence:P0}, accuracy {bin.Accuracy:P0}");
/// </code>
/// </example>
public sealed class ProbabilityScores
{
    /// <summary>Lower clip of probabilities, because the log loss of 0 is infinite; ML.NET's evaluators clip at the same value.</summary>
    private const double LeastProbability = 1e-15;

    private readonly CalibrationError _calibration = new();
    private double _weight;
    private double _logLoss;
    private double _brier;
    private double _right;
    private double[] _row = [];

    /// <summary>
    /// Mean of -ln(p) in nats, where p is the probability of the true class, clipped from below at 1e-15.
    /// </summary>
    public double LogLoss => Mean(_logLoss);

    /// <summary>
    /// The Brier score (Brier 1950), in [0, 2]; 0 is best. It is the mean squared distance, summed over classes, from
    /// the probabilities to 1 for the true class and 0 for the others.
    /// </summary>
    public double Brier => Mean(_brier);

    /// <summary>
    /// Fraction of rows whose most probable class is the true class, in [0, 1]. If several classes have the same
    /// probability, the first one is used.
    /// </summary>
    public double Accuracy => Mean(_right);

    /// <summary>
    /// Expected calibration error (Guo et al. 2017, arXiv:1706.04599, equation 3), in [0, 1]; 0 is best. It is the mean
    /// over rows of |accuracy - mean confidence| of the bin that contains the row. Errors that were measured with other
    /// <see cref="Bins"/> are not comparable.
    /// </summary>
    public double CalibrationError => _calibration.Expected;

    /// <summary>
    /// The largest |accuracy - mean confidence| of any bin, in [0, 1]. It is noisy if a bin has few rows.
    /// </summary>
    public double LargestCalibrationError => _calibration.Largest;

    /// <summary>
    /// The reliability diagram: 15 bins of equal width over the probability of the predicted class, in ascending order.
    /// Some bins may be empty.
    /// </summary>
    public IReadOnlyList<CalibrationBin> Bins => _calibration.Bins;

    /// <summary>Adds one row of the column <c>Score</c>.</summary>
    /// <param name="probabilities">
    /// The probability of each class, in [0, 1]. Every row has the same number of classes.
    /// </param>
    /// <param name="trueClass">The index of the true class, from 0.</param>
    /// <param name="weight">Weight of the row; finite and at least 0. Default 1.</param>
    /// <exception cref="ArgumentException">
    /// A value is not a probability, for example the NaN of an image that cannot be read. It is also thrown if the
    /// class is out of range, if the weight is negative or not finite, or if earlier rows have a different number of
    /// classes.
    /// </exception>
    public void Add(ReadOnlySpan<float> probabilities, int trueClass, double weight = 1)
    {
        if (probabilities.Length == 0 || (_row.Length > 0 && _row.Length != probabilities.Length))
            throw Wrong(nameof(probabilities), $"The row has {probabilities.Length} probabilities; it must have one for each class, as many as the other rows.");
        Guard.InRange(trueClass, 0, probabilities.Length);
        if (!(weight >= 0 && double.IsFinite(weight)))
            throw Wrong(nameof(weight), $"The weight is {weight}; it must be at least 0 and finite.");
        foreach (float probability in probabilities)
        {
            if (probability is not (>= 0 and <= 1))
                throw Wrong(nameof(probabilities), $"The row has the value {probability}, which is not a probability; leave out rows without an image.");
        }

        if (_row.Length == 0)
            _row = new double[probabilities.Length];
        for (int i = 0; i < _row.Length; i++)
            _row[i] = probabilities[i];
        Add(_row, trueClass, weight);
    }

    /// <summary>The scores of softmax(logits / temperature).</summary>
    internal static ProbabilityScores Of(EvaluatedRows rows, double temperature = 1)
    {
        Guard.Above(temperature, 0);
        var scores = new ProbabilityScores();
        scores.Add(rows, temperature);
        return scores;
    }

    /// <summary>Adds the rows with the probabilities softmax(logits / temperature).</summary>
    internal void Add(EvaluatedRows rows, double temperature = 1)
    {
        double[] probabilities = new double[rows.ClassCount];
        for (int row = 0; row < rows.Count; row++)
        {
            TemperedSoftmax.Fill(rows.Logits(row), temperature, probabilities);
            Add(probabilities, rows.Class(row), rows.Weight(row));
        }
    }

    /// <param name="probabilities">One per class; they sum to 1.</param>
    /// <param name="trueClass">The true class, from 0.</param>
    /// <param name="weight">Weight of the row, at least 0.</param>
    internal void Add(double[] probabilities, int trueClass, double weight = 1)
    {
        double squares = 0;
        int predicted = 0;
        for (int k = 0; k < probabilities.Length; k++)
        {
            double error = probabilities[k] - (k == trueClass ? 1 : 0);
            squares += error * error;
            if (probabilities[k] > probabilities[predicted])
                predicted = k;
        }

        bool right = predicted == trueClass;
        _calibration.Add(Math.Min(probabilities[predicted], 1), right, weight);    // softmax can round to slightly above 1
        _logLoss -= weight * Math.Log(Math.Clamp(probabilities[trueClass], LeastProbability, 1));
        _brier += weight * squares;
        _right += right ? weight : 0;
        _weight += weight;
    }

    private static ArgumentException Wrong(string name, FormattableString message) => new(message.ToString(CultureInfo.InvariantCulture), name);

    private double Mean(double sum) => _weight > 0 ? sum / _weight : 0;
}

/// <summary>
/// One bin of a reliability diagram. It contains the rows whose most probable class has a probability in
/// (<see cref="From"/>, <see cref="To"/>].
/// </summary>
/// <seealso cref="ProbabilityScores"/>
public sealed class CalibrationBin
{
    internal CalibrationBin(double from, double to, double weight, double rightWeight, double confidence) =>
        (From, To, Weight, RightWeight, Confidence) = (from, to, weight, rightWeight, confidence);

    /// <summary>Lower bound, exclusive.</summary>
    public double From { get; }

    /// <summary>Upper bound, inclusive.</summary>
    public double To { get; }

    /// <summary>Sum of the weights of the rows in the bin. If all weights are 1, it is the number of rows.</summary>
    public double Weight { get; }

    /// <summary>Sum of the weights of the rows whose predicted class is the true class.</summary>
    public double RightWeight { get; }

    /// <summary>Mean probability of the predicted classes, in [0, 1]. An empty bin has 0.</summary>
    public double Confidence { get; }

    /// <summary>Weighted fraction of correct predictions, in [0, 1]. An empty bin has 0.</summary>
    public double Accuracy => Weight > 0 ? RightWeight / Weight : 0;
}

/// <summary>
/// Rows are sorted into 15 equal bins (low, high] by their largest probability; the error is the weighted mean over rows of |accuracy - mean
/// confidence| of their bin (Guo et al. 2017, arXiv:1706.04599, equation 3). All values are float64.
/// </summary>
internal sealed class CalibrationError
{
    /// <summary>The number used by Guo et al.; errors measured with other bins are not comparable.</summary>
    private const int BinCount = 15;

    private readonly double[] _weights = new double[BinCount];
    private readonly double[] _confidences = new double[BinCount];
    private readonly double[] _right = new double[BinCount];

    /// <summary>All bins, in ascending order of confidence.</summary>
    internal IReadOnlyList<CalibrationBin> Bins =>
    [
        .. Enumerable.Range(0, BinCount).Select(bin => new CalibrationBin(
            bin / (double)BinCount, (bin + 1) / (double)BinCount, _weights[bin], _right[bin], _weights[bin] > 0 ? _confidences[bin] / _weights[bin] : 0)),
    ];

    /// <summary>In [0, 1], 0 is best; 0 before the first row that has a weight.</summary>
    internal double Expected
    {
        get
        {
            double weight = _weights.Sum();
            return weight > 0 ? Enumerable.Range(0, BinCount).Sum(Gap) / weight : 0;
        }
    }

    /// <summary>The largest |accuracy - mean confidence| of a bin, in [0, 1]; noisy if a bin has few rows.</summary>
    internal double Largest => Enumerable.Range(0, BinCount).Max(bin => _weights[bin] > 0 ? Gap(bin) / _weights[bin] : 0);

    /// <param name="confidence">The probability of the predicted class, in [0, 1].</param>
    /// <param name="right">Whether that class is the true one.</param>
    /// <param name="weight">Weight of the row, at least 0.</param>
    internal void Add(double confidence, bool right, double weight = 1)
    {
        Guard.That(confidence is >= 0 and <= 1, nameof(confidence), $"The confidence {confidence} is not a probability.");
        int bin = BinOf(confidence);
        _weights[bin] += weight;
        _confidences[bin] += weight * confidence;
        _right[bin] += right ? weight : 0;
    }

    /// <summary>Compares with the bounds directly: confidence times 15 could round across one.</summary>
    private static int BinOf(double confidence)
    {
        int bin = BinCount - 1;
        while (bin > 0 && confidence <= bin / (double)BinCount)
            bin--;
        return bin;
    }

    /// <summary>Weight of the bin times its |accuracy - mean confidence|.</summary>
    private double Gap(int bin) => Math.Abs(_right[bin] - _confidences[bin]);
}
