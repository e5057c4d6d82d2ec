// Checks of arguments, options, array lengths and compression ratios; each message names the argument, its value and the allowed values.
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>Argument checks. NaN fails every bound.</summary>
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
        where T : INumber<T> => value >= from && value < below ? value : throw OutOfRange(name, value, Range(from, below));

    private static string Range<T>(T from, T below) where T : INumber<T> =>
        typeof(T) == typeof(int) || typeof(T) == typeof(long) ? $"from {Text(from)} to {Text(below - T.One)}"
        : T.IsPositiveInfinity(below) ? $"finite and at least {Text(from)}"
        : $"at least {Text(from)} and less than {Text(below)}";

    /// <exception cref="ArgumentOutOfRangeException">The value is not a member of the enum.</exception>
    internal static T Defined<T>(T value, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : struct, Enum => Enum.IsDefined(value) ? value : throw OutOfRange(name, value, $"one of {string.Join(", ", Enum.GetNames<T>())}");

    /// <exception cref="ArgumentException">The condition does not hold; the caller provides the message.</exception>
    internal static void That(bool condition, string name, string message)
    {
        if (!condition)
            throw new ArgumentException(message, name);
    }

    /// <summary>The error for a schema mismatch, of the type that ML.NET's own estimators throw.</summary>
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
    /// <param name="width">Values per row, at least 0.</param>
    /// <param name="what">Contents of the array, for the message.</param>
    /// <param name="advice">What to do, for the message; without a period.</param>
    /// <exception cref="NotSupportedException">The length exceeds the maximum length of an array.</exception>
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
    /// <summary>Maximum compression ratio of deflate (zlib's technical details, "Maximum Compression Factor").</summary>
    private const long LargestRatio = 1032;

    /// <summary>Whether a deflated stream of <paramref name="packed"/> bytes can expand to <paramref name="unpacked"/> bytes.</summary>
    internal static bool Allows(long packed, long unpacked) => packed >= 0 && unpacked >= 0 && unpacked / LargestRatio <= packed;
}
