// The sizes that buffers and loops of packed networks are made by.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>Sizes of an architecture, and those rounded up to whole tiles.</summary>
internal sealed class FusedShape(VisionTransformerArchitecture architecture)
{
    /// <summary>D.</summary>
    internal int Dimension { get; } = architecture.EmbeddingDimension;

    /// <summary>T.</summary>
    internal int Tokens { get; } = architecture.Tokens;

    /// <summary>Tokens in front of the patches.</summary>
    internal int PrefixTokens { get; } = architecture.PrefixTokens;

    internal int Heads { get; } = architecture.Heads;

    /// <summary>d = D / heads.</summary>
    internal int HeadWidth { get; } = architecture.EmbeddingDimension / architecture.Heads;

    /// <summary>Width of the MLP.</summary>
    internal int MlpWidth { get; } = architecture.MlpHiddenDimension;

    /// <summary>Numbers of an image.</summary>
    internal int ImageNumbers { get; } = architecture.Channels * architecture.ImageSize.Height * architecture.ImageSize.Width;

    /// <summary>Numbers of a patch.</summary>
    internal int PatchNumbers { get; } = architecture.Channels * architecture.PatchSize.Height * architecture.PatchSize.Width;

    internal int PaddedRows => MatrixTile.PaddedRows(Tokens);

    internal int PaddedTokens => MatrixTile.PaddedColumns(Tokens);

    internal int PaddedHeadWidth => MatrixTile.PaddedColumns(HeadWidth);

    /// <summary>Numbers of the widest row.</summary>
    internal int Widest => Math.Max(architecture.Mlp == MlpKind.SwiGlu ? 2 * MlpWidth : MlpWidth, PatchNumbers);

    /// <summary>Numbers of one head's packed keys and values.</summary>
    internal long PackedKeysAndValues => ((long)PaddedTokens * HeadWidth) + ((long)Tokens * PaddedHeadWidth);

    /// <summary>Whether the processor and the architecture are among those that the vector code is written for; the others run in libtorch.</summary>
    internal static bool Fits(VisionTransformerArchitecture architecture)
    {
        int dimension = architecture.EmbeddingDimension, hidden = architecture.MlpHiddenDimension, width = dimension / architecture.Heads;
        return MatrixTile.IsSupported && architecture is { Rotary: null, PatchNorm: false }
            && dimension % MatrixTile.Columns == 0 && hidden % MatrixTile.Columns == 0 && !(architecture.QkNorm && width % 8 != 0);
    }
}
