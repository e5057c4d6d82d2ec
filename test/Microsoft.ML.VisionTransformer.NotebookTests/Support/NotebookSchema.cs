// Validates a notebook file against a JSON schema of the format.
using NJsonSchema;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Support;

internal static class NotebookSchema
{
    /// <summary>The validation errors, one per line; empty for a valid file.</summary>
    internal static async Task<string> ErrorsAsync(string path)
    {
        using var stream = typeof(NotebookSchema).Assembly.GetManifestResourceStream("notebook.schema.json")!;
        using var reader = new StreamReader(stream);
        var schema = await JsonSchema.FromJsonAsync(await reader.ReadToEndAsync());
        return string.Join('\n', schema.Validate(await File.ReadAllTextAsync(path)));
    }
}
