// What the first bytes of a file say that it is.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal enum FileKind
{
    /// <summary>None of the others.</summary>
    Unknown,

    /// <summary>No bytes at all.</summary>
    Empty,

    /// <summary>A safetensors file, sound or not.</summary>
    Safetensors,

    /// <summary>A zip archive, sound or not: NumPy's and PyTorch's files.</summary>
    Zip,

    /// <summary>A Python pickle outside an archive: PyTorch's files from before version 1.6 begin like this too.</summary>
    Pickle,

    /// <summary>An ONNX model, of this library or another program.</summary>
    Onnx,

    /// <summary>JSON, as the index of a sharded checkpoint is.</summary>
    Json,

    /// <summary>The small text that Git keeps in place of a large file.</summary>
    LfsPointer,

    /// <summary>HTML or XML: what servers answer in place of a file.</summary>
    Markup,
}
