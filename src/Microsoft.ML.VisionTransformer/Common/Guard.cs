// The one place that checks arguments and options: each check names the argument, its value and what is allowed.
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>Argument checks. Every bound is written so that NaN fails it.</summary>
internal static class Guard
{
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    internal static T NotNull<T>([System.Diagnostics.CodeAnalysis.NotNull] T? value, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : class => value ?? throw new ArgumentNullException(Short(name));

    /// <exception cref="ArgumentException">The text is null, empty or blank.</exception>
    internal static string NotBlank([System.Diagnostics.CodeAnalysis.NotNull] string? value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        string.IsNullOrWhiteSpace(value) ? throw new ArgumentException($"{Short(name)} is empty; give it a value.", Short(name)) : value;

    /// <exception cref="ArgumentOutOfRangeException">The value is below <paramref name="least"/>.</exception>
    internal static T AtLeast<T>(T value, T least, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : INumber<T> => value >= least ? value : throw OutOfRange(name, value, $"at least {Text(least)}");

    /// <exception cref="ArgumentOutOfRangeException">The value is not above <paramref name="bound"/>, or not finite.</exception>
    internal static T Above<T>(T value, T bound, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : INumber<T> => value > bound && T.IsFinite(value) ? value : throw OutOfRange(name, value, $"above {Text(bound)} and finite");

    /// <exception cref="ArgumentOutOfRangeException">The value is outside [from, below).</exception>
    internal static T InRange<T>(T value, T from, T below, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : INumber<T> => value >= from && value < below ? value : throw OutOfRange(name, value, $"in [{Text(from)}, {Text(below)})");

    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enum.</exception>
    internal static T Defined<T>(T value, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : struct, Enum => Enum.IsDefined(value) ? value : throw OutOfRange(name, value, $"one of {string.Join(", ", Enum.GetNames<T>())}");

    /// <exception cref="ArgumentException">The condition, which only the caller can put into words, does not hold.</exception>
    internal static void That(bool condition, string name, string message)
    {
        if (!condition)
            throw new ArgumentException(message, name);
    }

    /// <summary>The error for data whose columns do not fit, of the kind that ML.NET's own estimators throw.</summary>
    internal static ArgumentOutOfRangeException SchemaMismatch(string message) => new("inputSchema", message);

    private static ArgumentOutOfRangeException OutOfRange(string name, object value, string allowed) =>
        new(Short(name), value, $"{Short(name)} is {Text(value)}; it must be {allowed}.");

    /// <summary>The last part of an expression such as <c>options.BatchSize</c>: what the caller wrote.</summary>
    private static string Short(string expression) => expression[(expression.LastIndexOf('.') + 1)..];

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "null";
}

internal static class ArrayLength
{
    /// <summary>The length of an array of <paramref name="rows"/> rows of <paramref name="width"/> values.</summary>
    /// <param name="rows">Rows, at least 0.</param>
    /// <param name="width">Values of a row, at least 0.</param>
    /// <param name="what">What the array holds, for the message.</param>
    /// <param name="advice">What to do, for the message; without a full stop.</param>
    /// <exception cref="NotSupportedException">No array is that long.</exception>
    internal static int Of(long rows, long width, string what, string advice)
    {
        var length = (Int128)rows * width;
        return length <= Array.MaxLength ? (int)length : throw new NotSupportedException(string.Create(
            CultureInfo.InvariantCulture,
            $"{rows} rows of {width} values ({what}) do not fit into one array, which has at most {Array.MaxLength} values. {advice}."));
    }
}

internal static class DeflateLimit
{
    /// <summary>No deflated stream grows by more than this factor (zlib's technical details, "Maximum Compression Factor").</summary>
    private const long LargestRatio = 1032;

    /// <summary>Whether that many bytes of an archive can be unpacked to that many.</summary>
    internal static bool Allows(long packed, long unpacked) => packed >= 0 && unpacked >= 0 && unpacked / LargestRatio <= packed;
}
