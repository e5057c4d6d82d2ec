// The small picture of a row.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class RowImage
{
    /// <summary>A small JPEG; null where there is no picture, or none that can be read any more: the report says so in its place.</summary>
    internal static byte[]? Read(ScoredRow row)
    {
        try
        {
            byte[]? content = row.Content ?? (row.Path is { } path ? File.ReadAllBytes(path) : null);
            return content is null ? null : Thumbnail.Jpeg(content);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
