// Checks a notebook's file against a JSON schema of the format.
using NJsonSchema;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Support;

internal static class NotebookSchema
{
    /// <summary>What is wrong with the file, a line for each fault; empty for a valid one.</summary>
    internal static async Task<string> FaultsAsync(string path)
    {
        using var stream = typeof(NotebookSchema).Assembly.GetManifestResourceStream("notebook.schema.json")!;
        using var reader = new StreamReader(stream);
        var schema = await JsonSchema.FromJsonAsync(await reader.ReadToEndAsync());
        return string.Join('\n', schema.Validate(await File.ReadAllTextAsync(path)));
    }
}
