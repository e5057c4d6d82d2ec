// A length of time as console lines show it.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Common;

internal static class DurationText
{
    /// <summary>"7:05"; from an hour on "1:07:05", from a day on "2d 01:07:05". Fractions of a second are dropped.</summary>
    internal static string Of(TimeSpan time) => time.ToString(
        time.TotalDays >= 1 ? @"d\d\ hh\:mm\:ss" : time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
}
